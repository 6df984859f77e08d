package sanitize

// The properties that a style attribute may set, those of the browsers without their
// prefix. Source of the choice: frappe/utils/html_utils.py sanitize_html (all_styles). Left
// out is -moz-binding, which runs scripts.
const (
	cssProperties = `align-content align-items align-self all animation animation-delay animation-direction animation-duration
		animation-fill-mode animation-iteration-count animation-name animation-play-state animation-timing-function
		backface-visibility background background-attachment background-blend-mode background-clip background-color
		background-image background-origin background-position background-repeat background-size border border-bottom
		border-bottom-color border-bottom-left-radius border-bottom-right-radius border-bottom-style border-bottom-width
		border-collapse border-color border-image border-image-outset border-image-repeat border-image-slice border-
		image-source border-image-width border-left border-left-color border-left-style border-left-width border-radius
		border-right border-right-color border-right-style border-right-width border-spacing border-style border-top
		border-top-color border-top-left-radius border-top-right-radius border-top-style border-top-width border-width
		bottom box-decoration-break box-shadow box-sizing break-after break-before break-inside caption-side clear clip
		clip-path color column-count column-fill column-gap column-rule column-rule-color column-rule-style column-rule-
		width column-span column-width columns content counter-increment counter-reset cursor direction display empty-
		cells fill fill-opacity fill-rule filter flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-
		wrap float font font-family font-feature-settings font-kerning font-language-override font-size font-size-adjust
		font-stretch font-style font-synthesis font-variant font-variant-alternates font-variant-caps font-variant-east-
		asian font-variant-ligatures font-variant-numeric font-variant-position font-weight grid grid-area grid-auto-
		columns grid-auto-flow grid-auto-position grid-auto-rows grid-column grid-column-end grid-column-start grid-row
		grid-row-end grid-row-start grid-template grid-template-areas grid-template-columns grid-template-rows height
		hyphens image-orientation image-rendering image-resolution ime-mode isolation justify-content justify-self left
		letter-spacing line-break line-height list-style list-style-image list-style-position list-style-type margin
		margin-bottom margin-left margin-right margin-top marks mask mask-source-type mask-type max-height max-width
		min-height min-width mix-blend-mode object-fit object-position opacity order orphans outline outline-color
		outline-offset outline-style outline-width overflow overflow-wrap overflow-x overflow-y padding padding-bottom
		padding-left padding-right padding-top page-break-after page-break-before page-break-inside perspective
		perspective-origin perspective-origin-x perspective-origin-y pointer-events position quotes resize right ruby-
		align ruby-merge ruby-position scroll-behavior shape-image-threshold shape-margin shape-outside stroke stroke-
		linecap stroke-linejoin stroke-opacity stroke-width tab-size table-layout text-align text-align-last text-
		combine-upright text-decoration text-decoration-color text-decoration-line text-decoration-style text-emphasis
		text-emphasis-color text-emphasis-position text-emphasis-style text-indent text-justify text-orientation text-
		overflow text-rendering text-shadow text-transform text-underline-position top touch-action transform transform-
		origin transform-origin-x transform-origin-y transform-origin-z transform-style transition transition-delay
		transition-duration transition-property transition-timing-function unicode-bidi unicode-range vertical-align
		visibility white-space widows width will-change word-break word-spacing word-wrap writing-mode z-index`
	cssMoz = `appearance border-bottom-colors border-end border-end-color border-end-style border-end-width border-left-colors
		border-right-colors border-start border-start-color border-start-style border-start-width border-top-colors box-
		align box-direction box-flex box-ordinal-group box-orient box-pack column-count column-fill column-gap column-
		rule column-rule-color column-rule-style column-rule-width column-width columns control-character-visibility
		float-edge force-broken-image-icon hyphens image-region margin-end margin-start math-display math-variant orient
		osx-font-smoothing outline-radius outline-radius-bottomleft outline-radius-bottomright outline-radius-topleft
		outline-radius-topright padding-end padding-start script-level script-min-size script-size-multiplier stack-
		sizing tab-size text-align-last text-size-adjust user-focus user-input user-modify user-select window-dragging
		window-shadow`
	cssMS = `accelerator block-progression content-zoom-chaining content-zoom-limit content-zoom-limit-max content-zoom-
		limit-min content-zoom-snap content-zoom-snap-points content-zoom-snap-type content-zooming flex-align flex-
		item-align flex-line-pack flex-negative flex-order flex-pack flex-positive flex-preferred-size flow-from flow-
		into grid-column grid-column-align grid-column-span grid-columns grid-row grid-row-align grid-row-span grid-rows
		high-contrast-adjust hyphenate-limit-chars hyphenate-limit-lines hyphenate-limit-zone hyphens ime-align
		interpolation-mode overflow-style scroll-chaining scroll-limit scroll-limit-x-max scroll-limit-x-min scroll-
		limit-y-max scroll-limit-y-min scroll-rails scroll-snap-points-x scroll-snap-points-y scroll-snap-type scroll-
		snap-x scroll-snap-y scroll-translation scrollbar-3dlight-color text-combine-horizontal text-size-adjust touch-
		select user-select wrap-flow wrap-margin wrap-through`
	cssWebkit = `app-region appearance aspect-ratio backdrop-filter backface-visibility background-composite border-after border-
		after-color border-after-style border-after-width border-before border-before-color border-before-style border-
		before-width border-end border-end-color border-end-style border-end-width border-fit border-horizontal-spacing
		border-start border-start-color border-start-style border-start-width border-vertical-spacing box-align box-
		decoration-break box-direction box-flex box-flex-group box-lines box-ordinal-group box-orient box-pack box-
		reflect clip-path color-correction column-axis column-break-after column-break-before column-break-inside
		column-count column-gap column-rule column-rule-color column-rule-style column-rule-width column-span column-
		width columns cursor-visibility dashboard-region filter flow-from flow-into font-feature-settings font-kerning
		font-size-delta font-smoothing font-variant-ligatures grid grid-area grid-auto-columns grid-auto-flow grid-auto-
		rows grid-column grid-column-end grid-column-start grid-row grid-row-end grid-row-start grid-template grid-
		template-areas grid-template-columns grid-template-rows highlight hyphenate-character hyphenate-limit-after
		hyphenate-limit-before hyphenate-limit-lines hyphens initial-letter justify-self line-align line-box-contain
		line-break line-clamp line-grid line-snap locale logical-height logical-width margin-after margin-after-collapse
		margin-before margin-before-collapse margin-bottom-collapse margin-collapse margin-end margin-start margin-top-
		collapse marquee marquee-direction marquee-increment marquee-repetition marquee-speed marquee-style mask mask-
		box-image mask-box-image-outset mask-box-image-repeat mask-box-image-slice mask-box-image-source mask-box-image-
		width mask-clip mask-composite mask-image mask-origin mask-position mask-position-x mask-position-y mask-repeat
		mask-repeat-x mask-repeat-y mask-size mask-source-type max-logical-height max-logical-width min-logical-height
		min-logical-width nbsp-mode overflow-scrolling padding-after padding-before padding-end padding-start
		perspective perspective-origin perspective-origin-x perspective-origin-y print-color-adjust region-break-after
		region-break-before region-break-inside region-fragment rtl-ordering ruby-position scroll-snap-coordinate
		scroll-snap-destination scroll-snap-points-x scroll-snap-points-y scroll-snap-type shape-image-threshold shape-
		margin shape-outside tap-highlight-color text-align-last text-combine text-decoration-color text-decoration-line
		text-decoration-skip text-decoration-style text-decorations-in-effect text-emphasis text-emphasis-color text-
		emphasis-position text-emphasis-style text-fill-color text-justify text-orientation text-security text-size-
		adjust text-stroke text-stroke-color text-stroke-width text-underline-position touch-callout transform
		transform-origin transform-origin-x transform-origin-y transform-origin-z transform-style user-drag user-modify
		user-select writing-mode`
)

var properties = func() map[string]bool {
	all := set(cssProperties)
	for prefix, names := range map[string]string{"-moz-": cssMoz, "-ms-": cssMS, "-webkit-": cssWebkit} {
		for name := range set(names) {
			all[prefix+name] = true
		}
	}
	return all
}()
