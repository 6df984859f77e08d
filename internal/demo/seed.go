package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"freddo/document"
	"freddo/internal/engine"
)

// Sizes of the seed.
const (
	Customers = 200
	Items     = 100
	Orders    = 300
	payments  = 120
)

var (
	first   = []string{"Blue", "Old", "Golden", "Corner", "North", "Harbour", "Green", "Little", "Silver", "Market", "River", "Sunny", "Copper", "Maple", "Stone", "Velvet"}
	second  = []string{"Bean", "Cup", "Roaster", "Kettle", "Bakery", "Kitchen", "Café", "Pantry", "Grinder", "Table", "House", "Press", "Counter", "Oven"}
	legal   = []string{"Ltd", "GmbH", "BV", "SARL", "Inc", "& Sons", "Co"}
	places  = []string{"Amsterdam", "Berlin", "Lisbon", "Lyon", "Mumbai", "Nairobi", "Oslo", "Porto", "São Paulo", "Seattle", "Vienna", "Zürich"}
	origins = []string{"Brazil", "Colombia", "Ethiopia", "Guatemala", "Kenya", "Peru", "Sumatra", "Rwanda"}
	roasts  = []string{"Light Roast", "Medium Roast", "Dark Roast", "Espresso", "Decaf"}
	teas    = []string{"Assam", "Darjeeling", "Earl Grey", "Jasmine", "Rooibos", "Sencha", "Peppermint", "Chamomile"}
	tools   = []string{"Burr Grinder", "Gooseneck Kettle", "French Press", "Scale", "Tamper", "Milk Jug", "Filter Papers", "Pour-over Stand"}
	bakes   = []string{"Butter Croissant", "Cardamom Bun", "Rye Loaf", "Almond Biscotti", "Carrot Cake"}
)

// Seed writes the demo's data. The same data comes out at every run, but for times.
func Seed(ctx context.Context, e *engine.Engine, progress engine.Progress) error {
	s := &seeder{rnd: rand.New(rand.NewPCG(20, 26)), total: Customers + Items + Orders + payments, progress: progress, e: e}
	for _, step := range []func(context.Context) error{s.items, s.customers, s.orders, s.pay, s.notes} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("seed the demo: %w", err)
		}
	}
	return nil
}

type seeder struct {
	e           *engine.Engine
	rnd         *rand.Rand
	done, total int
	progress    engine.Progress
	codes       []string
	rates       []float64
	names       []string
	placed      []string
}

func (s *seeder) pick(list []string) string { return list[s.rnd.IntN(len(list))] }

// insert stores one object, submitting it when asked, and returns its name.
func (s *seeder) insert(ctx context.Context, o *document.Object, submit bool) (string, error) {
	name := ""
	err := s.e.Do(ctx, "Administrator", func(ctx context.Context, c *engine.Call) error {
		d, err := c.FromObject(ctx, o)
		if err != nil {
			return err
		}
		if err := c.Insert(ctx, d); err != nil {
			return err
		}
		name = d.Name()
		if submit {
			return c.Submit(ctx, d)
		}
		return nil
	})
	s.done++
	if s.progress != nil {
		s.progress(s.done, s.total, o.Str("doctype"))
	}
	return name, err
}

func (s *seeder) items(ctx context.Context) error {
	for i := range Items {
		group, name := "Coffee", s.pick(origins)+" "+s.pick(roasts)
		switch i % 5 {
		case 1:
			group, name = "Tea", s.pick(teas)
		case 2:
			group, name = "Equipment", s.pick(tools)
		case 3:
			group, name = "Bakery", s.pick(bakes)
		}
		rate := float64(300+s.rnd.IntN(9000)) / 100
		code := fmt.Sprintf("ITEM-%03d", i+1)
		s.codes, s.rates = append(s.codes, code), append(s.rates, rate)
		_, err := s.insert(ctx, document.NewObject("doctype", "Item", "item_code", code, "item_name", name, "item_group", group,
			"standard_rate", rate, "stock_qty", float64(s.rnd.IntN(500)), "weight_per_unit", float64(1+s.rnd.IntN(40))/8), false)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) customers(ctx context.Context) error {
	for i := range Customers {
		name := fmt.Sprintf("%s %s %s", s.pick(first), s.pick(second), s.pick(legal))
		name, err := s.insert(ctx, document.NewObject("doctype", "Customer", "customer_name", name,
			"customer_group", s.pick([]string{"Standard", "Standard", "Premium", "Wholesale"}), "territory", s.pick(places),
			"email_id", fmt.Sprintf("orders%d@example.com", i+1), "phone", fmt.Sprintf("+31 20 555 %04d", i+1),
			"credit_limit", float64(500*(1+s.rnd.IntN(20))), "customer_since", s.day(2000)), false)
		if err != nil {
			return err
		}
		s.names = append(s.names, name)
	}
	return nil
}

// day is a date up to back days ago.
func (s *seeder) day(back int) string {
	return s.e.Now().AddDate(0, 0, -s.rnd.IntN(back)).Format(time.DateOnly)
}

func (s *seeder) orders(ctx context.Context) error {
	for i := range Orders {
		var rows []document.Value
		for range 1 + s.rnd.IntN(5) {
			k := s.rnd.IntN(len(s.codes))
			rows = append(rows, document.MapOf(document.NewObject("item_code", s.codes[k], "qty", 1+s.rnd.IntN(24), "rate", s.rates[k])))
		}
		o := document.NewObject("doctype", "Sales Order", "customer", s.pick(s.names), "transaction_date", s.day(365),
			"discount_percentage", float64(5*s.rnd.IntN(3)), "items", rows)
		name, err := s.insert(ctx, o, i%4 != 0)
		if err != nil {
			return err
		}
		s.placed = append(s.placed, name)
	}
	return nil
}

func (s *seeder) pay(ctx context.Context) error {
	for i := range payments {
		o := document.NewObject("doctype", "Payment Entry", "party_type", "Customer", "party", s.pick(s.names), "posting_date", s.day(300),
			"paid_amount", float64(2000+s.rnd.IntN(80000))/100, "mode_of_payment", s.pick([]string{"Bank", "Card", "Cash"}),
			"reference_no", fmt.Sprintf("TX-%05d", 40000+i))
		if _, err := s.insert(ctx, o, i%3 != 0); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) notes(ctx context.Context) error {
	s.total += 12
	for i := range 8 {
		o := document.NewObject("doctype", "ToDo", "description", fmt.Sprintf("Call %s about order %s", s.pick(s.names), s.placed[i]),
			"priority", s.pick([]string{"Low", "Medium", "High"}), "date", s.day(20))
		if _, err := s.insert(ctx, o, false); err != nil {
			return err
		}
	}
	for _, title := range []string{"Opening hours", "Roasting schedule", "Delivery routes", "Tasting notes"} {
		o := document.NewObject("doctype", "Note", "title", title, "public", 1, "content", "<p>"+title+" of the demo company.</p>")
		if _, err := s.insert(ctx, o, false); err != nil {
			return err
		}
	}
	return nil
}
