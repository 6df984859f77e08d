package arg

import (
	"strconv"
	"strings"
)

// Duration prints seconds as 1d 2h 3m 4s. Source: frappe/utils/data.py format_duration.
func Duration(seconds float64) string {
	n, sign := int64(seconds), ""
	if n < 0 {
		n, sign = -n, "-"
	}
	var parts []string
	for _, u := range []struct {
		size int64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if k := n / u.size; k > 0 {
			parts = append(parts, strconv.FormatInt(k, 10)+u.name)
			n %= u.size
		}
	}
	return sign + strings.Join(parts, " ")
}
