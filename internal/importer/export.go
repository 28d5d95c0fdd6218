package importer

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/product/fields"
)

// exportPage is the page size of an export.
const exportPage = 500

// Export writes the live products that match a filter, ordered by SKU, as a file in the catalog's own format, and
// returns their number. Importing the file changes nothing. Progress, if set, is called with the number of newly
// written products.
//
// Cells are not escaped, even those that a spreadsheet would treat as a formula ("=1+1"): an escape character would
// become part of the value on the next import.
func Export(
	ctx context.Context, products catalogv1connect.ProductServiceClient, filter string, to io.Writer, progress func(int),
) (int, error) {
	out := csv.NewWriter(to)
	if err := out.Write(ownHeader()); err != nil {
		return 0, fmt.Errorf("write: %w", err)
	}
	req := &catalogv1.ListProductsRequest{PageSize: exportPage, Filter: filter, OrderBy: "sku"}
	for count := 0; ; {
		page, err := products.ListProducts(ctx, req)
		if err != nil {
			return count, fmt.Errorf("list products: %w", err)
		}
		if err := writeProducts(out, page.GetProducts()); err != nil {
			return count, fmt.Errorf("write: %w", err)
		}
		count += len(page.GetProducts())
		if progress != nil {
			progress(len(page.GetProducts()))
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return count, nil
		}
	}
}

func writeProducts(out *csv.Writer, products []*catalogv1.Product) error {
	for _, p := range products {
		cells, err := ownCells(p)
		if err != nil {
			return err
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// ownCells returns the cells of a product in the catalog's own format.
func ownCells(p *catalogv1.Product) ([]string, error) {
	cells := make([]string, len(fields.Cells()))
	for i, c := range fields.Cells() {
		var err error
		if cells[i], err = c.Format(p); err != nil {
			return nil, err
		}
	}
	return cells, nil
}
