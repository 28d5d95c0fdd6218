import { type Product, timestampDate } from "@zebrands/catalog";
import { Download } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { catalog } from "@/lib/catalog";
import { downloadCsv } from "@/lib/download";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { type Figures, rangeOf, readTop, savedTop } from "./data";
import { messages } from "./messages";
import type { Period } from "./search";

/** How many products a file of those without a view holds at most. */
const savedUnviewed = 100_000;

/** Saves what the page shows, and what does not fit on it. Numbers and times are written for programs. */
export function DownloadMenu({ period, figures }: { readonly period: Period; readonly figures: Figures | undefined }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();

  async function save(name: string, rows: () => Promise<Record<string, string | number>[]>) {
    try {
      await downloadCsv(`${name}-${period}-${new Date().toISOString().slice(0, 10)}.csv`, await rows());
    } catch (error) {
      toast(describe(error), { tone: "danger" });
    }
  }

  const series = async () => {
    if (figures === undefined) return [];
    const { series, before } = figures;
    return series.times.map((time, index) => ({
      [m.time]: time.toISOString(),
      [m.views]: series.views[index] ?? 0,
      [m.impressions]: series.impressions[index] ?? 0,
      [`${m.views} (${m.before})`]: before.views[index] ?? 0,
      [`${m.impressions} (${m.before})`]: before.impressions[index] ?? 0,
    }));
  };
  const productColumns = (product: Product | undefined) => ({
    [m.sku]: product?.sku ?? "",
    [m.name]: product?.name ?? "",
    [m.brand]: product?.brand ?? "",
  });
  const top = async () => {
    const entries = await readTop(period, savedTop);
    if (entries.length === savedTop) toast(m.tooMany(format.number(savedTop)));
    return entries.map(({ product, views, impressions, previousViews }) => ({
      ...productColumns(product),
      [m.views]: Number(views),
      [m.impressions]: Number(impressions),
      [`${m.views} (${m.before})`]: Number(previousViews),
    }));
  };
  const unviewed = async () => {
    const range = rangeOf(period);
    const rows: Record<string, string | number>[] = [];
    for (let pageToken = ""; ; ) {
      const page = await catalog.tracking.listUnviewedProducts({ ...range, pageSize: 1000, pageToken });
      for (const { product, impressions } of page.entries) {
        const since = product?.createTime === undefined ? "" : timestampDate(product.createTime).toISOString();
        rows.push({ ...productColumns(product), [m.listed]: Number(impressions), [m.since]: since });
      }
      pageToken = page.nextPageToken;
      if (pageToken === "") return rows;
      if (rows.length >= savedUnviewed) {
        toast(m.tooMany(format.number(rows.length)));
        return rows;
      }
    }
  };
  return (
    <Menu
      trigger={
        <Button>
          <Download aria-hidden />
          {m.download}
        </Button>
      }
    >
      {({ MenuItem }) => (
        <>
          <MenuItem disabled={figures === undefined} onSelect={() => void save("views", series)}>
            {m.downloadSeries}
          </MenuItem>
          <MenuItem onSelect={() => void save("top-products", top)}>{m.downloadTop}</MenuItem>
          <MenuItem onSelect={() => void save("unviewed-products", unviewed)}>{m.downloadUnviewed}</MenuItem>
        </>
      )}
    </Menu>
  );
}
