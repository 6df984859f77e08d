package sanitize

import "strings"

func set(lists ...string) map[string]bool {
	m := map[string]bool{}
	for _, names := range lists {
		for _, n := range strings.Fields(names) {
			m[n] = true
		}
	}
	return m
}

// The tables: elements and attributes of HTML, SVG and MathML that stay.
// Source of the choice: frappe/utils/html_utils.py.
const (
	htmlElements = `a abbr acronym address area article aside audio b big blockquote br button canvas caption center
		cite code col colgroup command datagrid datalist dd del details dfn dialog dir div dl dt em event-source fieldset
		figcaption figure footer font form h1 h2 h3 h4 h5 h6 header hr i img input ins kbd keygen label legend li m map
		menu meter multicol nav nextid ol optgroup option output p pre progress q s samp section select small sound source
		spacer span strike strong sub summary sup table tbody td textarea tfoot th thead time tr tt u ul var video
		html head meta link body style o:p`
	svgElements = `a animate animatecolor animatemotion animatetransform circle clippath defs desc ellipse font-face
		font-face-name font-face-src g glyph hkern line lineargradient marker metadata missing-glyph mpath path polygon
		polyline radialgradient rect set stop svg switch text title tspan use`
	mathElements = `maction math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace
		msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none`
	htmlAttributes = `abbr accept accept-charset accesskey action align allowfullscreen alt autocomplete autofocus axis
		background balance bgcolor bgproperties border bordercolor bordercolordark bordercolorlight bottompadding
		cellpadding cellspacing ch challenge char charoff charset checked choff cite class clear color cols colspan
		compact content contenteditable controls coords data datafld datapagesize datasrc datetime default delay dir
		disabled draggable dynsrc enctype end face for form frame frameborder galleryimg gutter headers height hidden
		hidefocus high href hreflang hspace icon id inputmode ismap itemid itemprop itemref itemscope itemtype keytype
		label lang leftspacing list longdesc loop loopcount loopend loopstart low lowsrc max maxlength media method min
		multiple name nohref noshade nowrap open optimum pattern ping point-size poster pqg preload prompt radiogroup
		readonly rel repeat-max repeat-min replace required rev rightspacing role rows rowspan rules scope selected shape
		size span spellcheck src start step style summary suppress tabindex target template title toppadding type
		unselectable urn usemap valign value variable volume vrml vspace width wrap xml:lang`
	svgOnlyAttributes = `class clip-path color color-rendering content cx cy d display dx dy fill fill-opacity fill-rule
		font-family font-size font-stretch font-style font-variant font-weight from fx fy height id k keypoints lang
		marker-end marker-mid marker-start max min name offset opacity orient origin path pathlength points
		preserveaspectratio r refx refy repeatcount rotate rx ry stop-color stop-opacity stroke stroke-dasharray
		stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width target text-anchor
		to transform type unicode values version viewbox visibility width x x1 x2 xlink:href xlink:title xlink:type
		xml:base xml:lang xml:space xmlns xmlns:xlink y y1 y2 zoomandpan`
)

var (
	allowed = set(htmlElements, svgElements, mathElements)
	void    = set(`area base br col embed hr img input link meta param source track wbr`)
	// attributes stay on every element, svgAttributes on svg itself also.
	attributes    = set(htmlAttributes)
	svgAttributes = set(svgOnlyAttributes)
	// dropped attributes hold documents or addresses that run, whatever upstream does.
	dropped   = set(`srcdoc formaction ping`)
	addresses = set(`href src action background cite longdesc poster xlink:href data classid codebase usemap datasrc dynsrc lowsrc
		from icon template to urn values vrml xml:base`)
	boolean = set(`controls autoplay loop muted checked disabled selected readonly required multiple open hidden`)
)
