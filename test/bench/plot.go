package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// picture is panels of lines side by side. They share their axes, which are logarithmic, and the legend:
// every panel has the same lines in the same order.
type picture struct {
	file, title string
	x, y        string
	panels      []panel
}

type panel struct {
	title string
	lines []line
}

type line struct {
	name   string
	points plotter.XYs
}

const (
	pictureWidth, pictureHeight = 10.5 * vg.Inch, 4.5 * vg.Inch
	legendWidth                 = 2.4 * vg.Inch
	margin                      = 8 * vg.Inch / 72
)

// palette holds colours that the colour-blind tell apart too (Okabe and Ito's).
var palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff},
	color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	color.RGBA{0x56, 0xb4, 0xe9, 0xff},
}

var (
	ink     = color.Gray{0x33}
	faint   = color.Gray{0xe4}
	writing = font.Font{Typeface: "Liberation", Variant: "Sans"}
)

// draw writes the picture as SVG into a folder.
func (p *picture) draw(folder string) error {
	canvas := vgsvg.New(pictureWidth, pictureHeight)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Path())
	plots := make([]*plot.Plot, len(p.panels))
	legend := newLegend()
	for i, one := range p.panels {
		var err error
		if plots[i], err = p.plot(one, &legend, i == 0); err != nil {
			return fmt.Errorf("draw %s: %w", p.file, err)
		}
	}
	rest := draw.Crop(whole, margin, -legendWidth-margin, margin, -margin)
	tiles := draw.Tiles{Rows: 1, Cols: len(plots), PadX: 2 * margin}
	for i, one := range plots {
		one.Draw(tiles.At(rest, i, 0))
	}
	legend.Draw(draw.Crop(whole, pictureWidth-legendWidth, -margin, margin, -4*margin))
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return fmt.Errorf("draw %s: %w", p.file, err)
	}
	// Where that font is missing, another of the same widths will do.
	text := bytes.ReplaceAll(svg.Bytes(), []byte("font-family:Liberation Sans"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	if err := os.WriteFile(filepath.Join(folder, p.file), text, 0o644); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	return nil
}

// plot returns a panel, and adds its lines to the legend if it is the first.
func (p *picture) plot(from panel, legend *plot.Legend, first bool) (*plot.Plot, error) {
	to := plot.New()
	to.Title.Text, to.X.Label.Text, to.Y.Label.Text = from.title, p.x, p.y
	style(to)
	to.X.Min, to.X.Max, to.Y.Min, to.Y.Max = p.bounds()
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = faint, faint
	to.Add(grid)
	for i, l := range from.lines {
		curve, marks, err := plotter.NewLinePoints(l.points)
		if err != nil {
			return nil, err
		}
		curve.Color, curve.Width = palette[i%len(palette)], 1.5*vg.Inch/72
		marks.Color, marks.Shape, marks.Radius = curve.Color, draw.CircleGlyph{}, 2.5*vg.Inch/72
		if i >= len(palette) {
			curve.Dashes = []vg.Length{4 * vg.Inch / 72, 3 * vg.Inch / 72}
		}
		to.Add(curve, marks)
		if first {
			legend.Add(l.name, curve, marks)
		}
	}
	return to, nil
}

// bounds returns those of all panels; vertically whole powers of ten.
func (p *picture) bounds() (xMin, xMax, yMin, yMax float64) {
	xMin, yMin = math.Inf(1), math.Inf(1)
	for _, one := range p.panels {
		for _, l := range one.lines {
			x0, x1, y0, y1 := plotter.XYRange(l.points)
			xMin, xMax, yMin, yMax = min(xMin, x0), max(xMax, x1), min(yMin, y0), max(yMax, y1)
		}
	}
	return xMin, xMax, math.Pow10(int(math.Floor(math.Log10(yMin)))), math.Pow10(int(math.Ceil(math.Log10(yMax))))
}

func style(p *plot.Plot) {
	p.Title.TextStyle.Font, p.Title.TextStyle.Font.Size = writing, 12
	p.Title.TextStyle.Color = ink
	p.Title.Padding = margin
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Scale = plot.LogScale{}
		axis.Tick.Marker = powers{}
		axis.Tick.Color, axis.Color = ink, ink
		axis.Label.TextStyle.Font, axis.Label.TextStyle.Font.Size = writing, 11
		axis.Tick.Label.Font, axis.Tick.Label.Font.Size = writing, 10
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = ink, ink
		axis.Label.Padding = margin / 2
	}
}

func newLegend() plot.Legend {
	legend := plot.NewLegend()
	legend.TextStyle.Font, legend.TextStyle.Font.Size = writing, 10
	legend.TextStyle.Color = ink
	legend.Top, legend.Left = true, true
	legend.Padding = margin / 2
	return legend
}

// powers marks the powers of ten.
type powers struct{}

// Ticks returns the marks of an axis.
func (powers) Ticks(from, to float64) []plot.Tick {
	var ticks []plot.Tick
	for exponent := int(math.Floor(math.Log10(from))); math.Pow10(exponent) <= to*1.001; exponent++ {
		value := math.Pow10(exponent)
		ticks = append(ticks, plot.Tick{Value: value, Label: number(value)})
	}
	return ticks
}
