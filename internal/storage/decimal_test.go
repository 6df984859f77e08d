package storage

import "testing"

func TestRoundDecimal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in     float64
		digits int
		want   float64
	}{
		{0, 9, 0}, {1.5, 9, 1.5}, {0.1 + 0.2, 9, 0.3}, {0.1234567894, 9, 0.123456789}, {0.1234567895, 9, 0.12345679},
		{-0.1234567895, 9, -0.12345679}, {1.0000000005, 9, 1.000000001}, {9.9999999999, 9, 10}, {-99.9999999996, 9, -100},
		{1e-10, 9, 0}, {5e-10, 9, 1e-9}, {1e21, 9, 1e21}, {0.555, 2, 0.56}, {0.994, 2, 0.99}, {0.995, 2, 1}, {123456789012.123, 9, 123456789012.123},
	} {
		if got := roundDecimal(c.in, c.digits); got != c.want {
			t.Errorf("round(%v, %d) = %v, want %v", c.in, c.digits, got, c.want)
		}
	}
}
