package inflight

import (
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// Limit is how much memory the process may use, in bytes: GOMEMLIMIT, else configured
// (bytes, 0 for none), else four fifths of what the control group allows, else three
// quarters of the machine's. 0 is not known.
func Limit(configured int64) int64 {
	if os.Getenv("GOMEMLIMIT") != "" {
		if n := debug.SetMemoryLimit(-1); n != math.MaxInt64 {
			return n
		}
	}
	if configured > 0 {
		return configured
	}
	if n := controlGroup("/proc/self/cgroup", "/sys/fs/cgroup"); n > 0 {
		return n / 5 * 4
	}
	return machine("/proc/meminfo") / 4 * 3
}

// Apply tells the collector the limit, unless GOMEMLIMIT has.
func Apply(limit int64) {
	if limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}

// controlGroup is the least memory.max (version 2) or memory.limit_in_bytes (version 1)
// of the process's group and those above it; 0 for none.
func controlGroup(groups, mount string) int64 {
	data, err := os.ReadFile(groups)
	if err != nil {
		return 0
	}
	least := int64(0)
	look := func(file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			return
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err == nil && n > 0 && n < 1<<60 && (least == 0 || n < least) {
			least = n
		}
	}
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		dir, file := mount, "memory.max"
		switch {
		case parts[1] == "":
		case strings.Contains(","+parts[1]+",", ",memory,"):
			dir, file = path.Join(mount, "memory"), "memory.limit_in_bytes"
		default:
			continue
		}
		for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
			look(path.Join(dir, group, file))
			if group == "/" {
				break
			}
		}
	}
	return least
}

// machine is the machine's memory.
func machine(meminfo string) int64 {
	data, err := os.ReadFile(meminfo)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
