package pyexpr

// run is one evaluation.
type run struct {
	names Names
	local map[string]Value
	steps int
}

func (r *run) eval(n node) (Value, error) {
	if r.steps++; r.steps > MaxSteps {
		return nil, errorf("TimeoutError", "expression takes too long")
	}
	switch t := n.(type) {
	case literal:
		return t.v, nil
	case ident:
		return r.lookup(t.name)
	case unary:
		return r.unary(t)
	case binary:
		a, b, err := r.both(t.a, t.b)
		if err != nil {
			return nil, err
		}
		return arithmetic(t.op, a, b)
	case logical:
		a, err := r.eval(t.a)
		if err != nil || Truthy(a) != t.and {
			return a, err
		}
		return r.eval(t.b)
	case compare:
		return r.compare(t)
	case ternary:
		c, err := r.eval(t.cond)
		if err != nil {
			return nil, err
		}
		if Truthy(c) {
			return r.eval(t.yes)
		}
		return r.eval(t.no)
	}
	return r.evalPrimary(n)
}

func (r *run) evalPrimary(n node) (Value, error) {
	switch t := n.(type) {
	case attr:
		x, err := r.eval(t.x)
		if err != nil {
			return nil, err
		}
		return attribute(x, t.name)
	case index:
		x, at, err := r.both(t.x, t.at)
		if err != nil {
			return nil, err
		}
		return item(x, at)
	case slice:
		return r.slice(t)
	case call:
		return r.call(t)
	case sequence:
		items, err := r.all(t.items)
		if t.tuple {
			return Tuple(items), err
		}
		return &List{items}, err
	case mapping:
		return r.mapping(t)
	case comprehension:
		return r.comprehension(t)
	}
	return nil, errorf("SyntaxError", "invalid syntax")
}

func (r *run) lookup(name string) (Value, error) {
	if v, ok := r.local[name]; ok {
		return v, nil
	}
	if r.names != nil {
		if v, ok := r.names(name); ok {
			return v, nil
		}
	}
	if f, ok := builtins[name]; ok {
		return f, nil
	}
	return nil, errorf("NameError", "name '%s' is not defined", name)
}

func (r *run) both(a, b node) (Value, Value, error) {
	x, err := r.eval(a)
	if err != nil {
		return nil, nil, err
	}
	y, err := r.eval(b)
	return x, y, err
}

func (r *run) all(nodes []node) ([]Value, error) {
	out := make([]Value, len(nodes))
	for i, n := range nodes {
		v, err := r.eval(n)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (r *run) unary(u unary) (Value, error) {
	x, err := r.eval(u.x)
	if err != nil {
		return nil, err
	}
	if u.op == "not" {
		return !Truthy(x), nil
	}
	if d, ok := x.(Delta); ok && u.op == "-" {
		return -d, nil
	}
	i, f, isInt, ok := num(x)
	switch {
	case !ok || u.op == "~" && !isInt:
		return nil, errorf("TypeError", "bad operand type for unary %s: '%s'", u.op, typeName(x))
	case u.op == "~":
		return ^i, nil
	case u.op == "+" && isInt:
		return i, nil
	case u.op == "+":
		return f, nil
	case isInt:
		return arithmetic("-", int64(0), i)
	}
	return -f, nil
}

func (r *run) compare(c compare) (Value, error) {
	left, err := r.eval(c.first)
	if err != nil {
		return nil, err
	}
	for i, o := range c.ops {
		right, err := r.eval(c.rest[i])
		if err != nil {
			return nil, err
		}
		ok, err := holds(o, left, right)
		if err != nil || !ok {
			return false, err
		}
		left = right
	}
	return true, nil
}

// holds reports whether one comparison holds.
func holds(o string, a, b Value) (bool, error) {
	switch o {
	case "==":
		return equal(a, b), nil
	case "!=":
		return !equal(a, b), nil
	case "is":
		return same(a, b), nil
	case "is not":
		return !same(a, b), nil
	case "in":
		return contains(b, a)
	case "not in":
		ok, err := contains(b, a)
		return !ok, err
	}
	n, ok := order(a, b)
	if !ok {
		return false, errorf("TypeError", "'%s' not supported between instances of '%s' and '%s'", o, typeName(a), typeName(b))
	}
	switch o {
	case "<":
		return n < 0, nil
	case "<=":
		return n <= 0, nil
	case ">":
		return n > 0, nil
	}
	return n >= 0, nil
}

// same is identity: values without identity of their own are the same when equal and
// of one type.
func same(a, b Value) bool {
	switch t := a.(type) {
	case *List:
		u, ok := b.(*List)
		return ok && t == u
	case *Dict:
		u, ok := b.(*Dict)
		return ok && t == u
	}
	return typeName(a) == typeName(b) && equal(a, b)
}

func (r *run) call(c call) (Value, error) {
	fn, err := r.eval(c.fn)
	if err != nil {
		return nil, err
	}
	f, ok := fn.(Func)
	if !ok {
		return nil, errorf("TypeError", "'%s' object is not callable", typeName(fn))
	}
	var args []Value
	var kw map[string]Value
	for i, n := range c.args {
		v, err := r.eval(n)
		if err != nil {
			return nil, err
		}
		if c.names[i] == "" {
			args = append(args, v)
			continue
		}
		if kw == nil {
			kw = map[string]Value{}
		}
		kw[c.names[i]] = v
	}
	return f(args, kw)
}

func (r *run) mapping(m mapping) (Value, error) {
	d := NewDict(false)
	for i := range m.keys {
		k, v, err := r.both(m.keys[i], m.vals[i])
		if err != nil {
			return nil, err
		}
		if err := d.Set(k, v); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (r *run) comprehension(c comprehension) (Value, error) {
	over, err := r.eval(c.over)
	if err != nil {
		return nil, err
	}
	elements, err := iterate(over)
	if err != nil {
		return nil, err
	}
	outer := r.local
	defer func() { r.local = outer }()
	out := &List{}
	for _, e := range elements {
		r.local = make(map[string]Value, len(outer)+len(c.vars))
		for k, v := range outer {
			r.local[k] = v
		}
		if err := bind(r.local, c.vars, e); err != nil {
			return nil, err
		}
		keep := true
		for _, cond := range c.conds {
			v, err := r.eval(cond)
			if err != nil {
				return nil, err
			}
			keep = keep && Truthy(v)
		}
		if !keep {
			continue
		}
		v, err := r.eval(c.item)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

func bind(local map[string]Value, vars []string, v Value) error {
	if len(vars) == 1 {
		local[vars[0]] = v
		return nil
	}
	parts, err := iterate(v)
	if err != nil {
		return err
	}
	if len(parts) != len(vars) {
		return errorf("ValueError", "cannot unpack %d values into %d names", len(parts), len(vars))
	}
	for i, name := range vars {
		local[name] = parts[i]
	}
	return nil
}

// iterate returns the elements of an iterable.
func iterate(v Value) ([]Value, error) {
	if l, ok := items(v); ok {
		return l, nil
	}
	switch t := v.(type) {
	case string:
		out := make([]Value, 0, len(t))
		for _, c := range t {
			out = append(out, string(c))
		}
		return out, nil
	case *Dict:
		return t.keys, nil
	}
	return nil, errorf("TypeError", "'%s' object is not iterable", typeName(v))
}

func (r *run) slice(s slice) (Value, error) {
	x, err := r.eval(s.x)
	if err != nil {
		return nil, err
	}
	bounds := [3]Value{}
	for i, n := range [3]node{s.from, s.to, s.step} {
		if n == nil {
			continue
		}
		if bounds[i], err = r.eval(n); err != nil {
			return nil, err
		}
	}
	elements, err := iterate(x)
	if _, isDict := x.(*Dict); err != nil || isDict {
		return nil, errorf("TypeError", "'%s' object is not subscriptable", typeName(x))
	}
	picked, err := sliced(elements, bounds)
	if err != nil {
		return nil, err
	}
	switch x.(type) {
	case string:
		return concat(picked), nil
	case Tuple:
		return Tuple(picked), nil
	}
	return &List{picked}, nil
}

func concat(parts []Value) string {
	n := 0
	for _, p := range parts {
		n += len(p.(string))
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = append(b, p.(string)...)
	}
	return string(b)
}

func sliced(v []Value, bounds [3]Value) ([]Value, error) {
	n, step := int64(len(v)), int64(1)
	if bounds[2] != nil {
		s, _, isInt, _ := num(bounds[2])
		if !isInt || s == 0 {
			return nil, errorf("ValueError", "slice step cannot be zero")
		}
		step = s
	}
	from, to := int64(0), n
	if step < 0 {
		from, to = n-1, -1
	}
	for i, p := range [2]*int64{&from, &to} {
		if bounds[i] == nil {
			continue
		}
		x, _, isInt, _ := num(bounds[i])
		if !isInt {
			return nil, errorf("TypeError", "slice indices must be integers or None or have an __index__ method")
		}
		if x < 0 {
			x += n
		}
		if step > 0 {
			x = max(0, min(x, n))
		} else {
			x = max(-1, min(x, n-1))
		}
		*p = x
	}
	var out []Value
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		out = append(out, v[i])
	}
	return out, nil
}
