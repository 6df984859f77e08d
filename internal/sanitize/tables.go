package sanitize

import "strings"

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(names) {
		m[n] = true
	}
	return m
}

// The tables, by HTML's names.
var (
	allowed = set(`a abbr acronym address area article aside audio b bdi bdo big blink blockquote body br button canvas
		caption center cite code col colgroup command data datagrid datalist dd del details dfn dialog dir div dl dt em
		event-source fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd
		keygen label legend li link m map mark menu menuitem meta meter multicol nav nextid noscript ol optgroup option
		output p pre progress q rp rt ruby s samp section select small sound source spacer span strike strong style sub
		summary sup svg table tbody td textarea tfoot th thead time tr track tt u ul var video wbr math`)
	void = set(`area base br col embed hr img input link meta param source track wbr`)
	// dropped attributes hold documents or addresses that run.
	dropped   = set(`srcdoc formaction ping`)
	addresses = set(`href src action background cite longdesc poster xlink:href data classid codebase usemap`)
	boolean   = set(`controls autoplay loop muted checked disabled selected readonly required multiple open hidden`)
	// svgAttributes are those that stay on SVG elements.
	svgAttributes = set(`class style id width height viewbox fill stroke transform d x y xmlns version`)
)
