package importer

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// oneLine replaces line breaks by spaces, as HTML renders them.
var oneLine = strings.NewReplacer("\n", " ", "\r", " ")

// plainText converts HTML to text: one line for each block, "- " before list items, without scripts and styles.
func plainText(markup string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(markup))
	var hidden atom.Atom // the element whose content is skipped
	for {
		kind := tokens.Next()
		switch kind {
		case html.ErrorToken:
			return tidyLines(b.String())
		case html.TextToken:
			if hidden == 0 {
				b.WriteString(oneLine.Replace(string(tokens.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := tokens.TagName()
			tag := atom.Lookup(name)
			if tag == atom.Script || tag == atom.Style {
				hidden = tag
				if kind == html.EndTagToken {
					hidden = 0
				}
			}
			b.WriteString(mark(tag, kind == html.EndTagToken))
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// mark returns the plain text for the start or end of an element.
func mark(tag atom.Atom, end bool) string {
	switch tag {
	case atom.Li:
		if end {
			return ""
		}
		return "\n- "
	case atom.Br, atom.P, atom.Div, atom.Ul, atom.Ol, atom.Table, atom.Tr, atom.Hr, atom.Blockquote, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Section, atom.Article, atom.Dl, atom.Dt, atom.Dd:
		return "\n"
	case atom.Td, atom.Th:
		return " "
	default:
		return ""
	}
}

// tidyLines removes white space around lines, repeated spaces, and empty lines.
func tidyLines(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" && line != "-" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
