package notification

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationbatch"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

const (
	// detailed is the maximum number of changes that a mail shows in full. It only counts the rest.
	detailed = 50
	// htmlSize bounds the HTML of a mail about several changes, in bytes. Mail clients such as Gmail clip messages
	// over about 100 KB.
	htmlSize = 90_000
)

// content is the content of a delivery.
type content struct {
	// changes are the first changes, in order.
	changes []*ent.ProductChange
	// total is the number of changes, products the number of distinct products.
	total, products int
	// actors are the names of the administrators and API keys that made the changes.
	actors []string
	// keys reports whether there are API keys among several actors.
	keys bool
	// undone are the operations of the changes that those of changes revert by a delete, by their sequence.
	undone map[int64]change.Operation
}

// readContent reads the content of a delivery. Deliveries of one message have the same content.
func readContent(ctx context.Context, tx *ent.Tx, d *ent.Delivery) (content, error) {
	if d.ChangeCount == 0 { // a mail with a link
		return content{}, nil
	}
	// A digest can have more batches than a statement can have parameters.
	about := tx.ProductChange.Query().
		Where(productchange.HasBatchWith(notificationbatch.HasDeliveriesWith(delivery.ID(d.ID))))
	c := content{total: d.ChangeCount}
	var err error
	c.changes, err = about.Clone().Order(productchange.ByID()).Limit(detailed).All(ctx)
	if err != nil {
		return content{}, fmt.Errorf("read changes: %w", err)
	}
	if c.undone, err = readUndone(ctx, tx, c.changes); err != nil {
		return content{}, err
	}
	products := about.Clone().Unique(true)
	products.Select(productchange.FieldProductID)
	if c.products, err = products.Count(ctx); err != nil {
		return content{}, fmt.Errorf("count products: %w", err)
	}
	c.actors, err = about.Clone().Order(productchange.ByActorName()).
		GroupBy(productchange.FieldActorName).Strings(ctx)
	if err != nil {
		return content{}, fmt.Errorf("read actors: %w", err)
	}
	if len(c.actors) > 1 {
		if c.keys, err = about.Clone().Where(productchange.APIKeyIDNotNil()).Exist(ctx); err != nil {
			return content{}, fmt.Errorf("read actors: %w", err)
		}
	}
	return c, nil
}

// readUndone returns the operations of the changes that were reverted by a delete: a creation, or a restoration.
func readUndone(ctx context.Context, tx *ent.Tx, changes []*ent.ProductChange) (map[int64]change.Operation, error) {
	var sequences []int64
	for _, row := range changes {
		if row.Operation == change.Deleted && row.RevertedSequence != nil {
			sequences = append(sequences, *row.RevertedSequence)
		}
	}
	if len(sequences) == 0 {
		return nil, nil //nolint:nilnil // no such change
	}
	reverted, err := tx.ProductChange.Query().
		Where(productchange.IDIn(sequences...)).
		Select(productchange.FieldID, productchange.FieldOperation).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read reverted changes: %w", err)
	}
	undone := make(map[int64]change.Operation, len(reverted))
	for _, row := range reverted {
		undone[row.ID] = row.Operation
	}
	return undone, nil
}

// view is the data of the changes template.
type view struct {
	Subject   string
	PublicURL string
	Why       string
	Changes   []changeView
	More      int
	// First is the sequence number of the first change. The console finds the delivery by it.
	First int64
}

// changeView is one change in the template.
type changeView struct {
	Headline string
	When     string
	Fields   []fieldView
}

// fieldView is one field of a change in the template. Old is empty if the field had no value.
type fieldView struct {
	Label, Old, New string
}

// render returns the mail as text and as HTML. It shows fewer changes in full while the HTML exceeds htmlSize. It
// shows at least one, with shortened values, so the mail always fits.
func (c *content) render(publicURL, dedupKey string) (text, html string, err error) {
	n := len(c.changes)
	for {
		text, html, err = render(changesTemplate, c.view(publicURL, dedupKey, n))
		if err != nil || len(html) <= htmlSize || n <= 1 {
			return text, html, err
		}
		n = max(1, n*htmlSize/len(html))
	}
}

// view returns the data of the template, with the first n changes in full.
func (c *content) view(publicURL, dedupKey string, n int) view {
	v := view{
		Subject:   c.subject(),
		PublicURL: publicURL,
		Why:       why(dedupKey),
		More:      c.total - n,
	}
	for _, row := range c.changes[:n] {
		v.First = cmp.Or(v.First, row.ID)
		cv := changeView{
			Headline: c.headline(row),
			When:     row.CreateTime.UTC().Format("2 January 2006, 15:04:05 UTC"),
		}
		for _, f := range row.Fields {
			cv.Fields = append(cv.Fields, fieldView{
				Label: fields.Label(f.Name),
				Old:   shorten(fields.Readable(f.Name, f.Old), valueSize),
				New:   shorten(fields.Readable(f.Name, f.New), valueSize),
			})
		}
		v.Changes = append(v.Changes, cv)
	}
	return v
}

// headline names the actor, the operation and the product of a change.
func (c *content) headline(row *ent.ProductChange) string {
	return fmt.Sprintf("%s %s %s", plain(row.ActorName), c.verb(row), productName(row))
}

func (c *content) verb(row *ent.ProductChange) string {
	if row.RevertedSequence != nil {
		return "reverted " + c.reverted(row)
	}
	switch row.Operation {
	case change.Created:
		return "created"
	case change.Deleted:
		return "deleted"
	case change.Undeleted:
		return "restored"
	case change.Updated:
	}
	return "changed " + changedFields(row)
}

// reverted names what a revert undid.
func (c *content) reverted(row *ent.ProductChange) string {
	switch {
	case row.Operation == change.Undeleted:
		return "the deletion of"
	case row.Operation == change.Deleted && c.undone[*row.RevertedSequence] == change.Undeleted:
		return "the restoration of"
	case row.Operation == change.Deleted:
		return "the creation of"
	default:
		return changedFields(row)
	}
}

func changedFields(row *ent.ProductChange) string {
	switch n := len(row.Fields); n {
	case 1:
		return fmt.Sprintf("the %s of", fields.Label(row.Fields[0].Name))
	case 2:
		return fmt.Sprintf("the %s and %s of", fields.Label(row.Fields[0].Name), fields.Label(row.Fields[1].Name))
	default:
		return fmt.Sprintf("%d fields of", n)
	}
}

func productName(row *ent.ProductChange) string {
	return `"` + shorten(plain(row.ProductName), nameSize) + `" (` + plain(row.Sku) + ")"
}

// subject returns the subject line of the mail.
func (c *content) subject() string {
	if len(c.changes) == 0 {
		return "Changes in the catalog"
	}
	if c.total == 1 {
		return c.headline(c.changes[0])
	}
	who := plain(c.actors[0])
	switch n := len(c.actors); {
	case n == 2:
		who += " and " + plain(c.actors[1])
	case n > 2 && c.keys:
		who = fmt.Sprintf("%d administrators and programs", n)
	case n > 2:
		who = fmt.Sprintf("%d administrators", n)
	}
	if c.products == 1 {
		return fmt.Sprintf("%s made %d changes to %s", who, c.total, productName(c.changes[0]))
	}
	return fmt.Sprintf("%s made %d changes to %d products", who, c.total, c.products)
}

// why explains to the recipients why they get the mail.
func why(dedupKey string) string {
	const often = "You get this because you are an administrator of the catalog and chose "
	for _, layout := range []struct{ layout, chosen string }{
		{"hourly/2006-01-02T15", "one mail an hour"},
		{"daily/2006-01-02", "one mail a day"},
	} {
		if _, err := time.Parse(layout.layout, dedupKey); err == nil {
			return often + layout.chosen + "."
		}
	}
	return "You get this because you are an administrator of the catalog and somebody else or a program changed it."
}
