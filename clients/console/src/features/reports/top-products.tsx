import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ListTopProductsResponse_Entry as Entry } from "@zebrands/catalog";
import { ChartNoAxesColumn, Telescope } from "lucide-react";
import { useState } from "react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button, IconButton } from "@/ui/button";
import { EmptyState, ErrorState } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { topOptions } from "./data";
import { messages } from "./messages";
import { ProductCell, SkeletonRows } from "./product-cell";
import type { Period } from "./search";
import { Trend } from "./trend";

/** How many are shown at first. */
const fewTop = 10;

/** The products with the most views. */
export function TopProducts({ period, onShow }: { readonly period: Period; readonly onShow: (product: string) => void }) {
  const m = useMessages(messages);
  const describe = useDescribeError();
  const top = useQuery(topOptions(period));
  const [all, setAll] = useState(false);
  const viewed = top.data?.filter(({ views }) => views > 0n);
  const most = Math.max(1, ...(viewed ?? []).map(({ views }) => Number(views)));
  return (
    <div className="min-w-0">
      <h2 className="font-semibold">{m.top}</h2>
      <p className="mb-3 text-sm text-ink-soft">{m.topText}</p>
      {top.isError && viewed === undefined ? (
        <ErrorState message={describe(top.error)} onRetry={() => void top.refetch()} />
      ) : viewed?.length === 0 ? (
        <EmptyState
          icon={Telescope}
          title={m.noTop}
          action={
            <Button asChild>
              <Link to="/">{m.openStorefront}</Link>
            </Button>
          }
        >
          {m.noTopText}
        </EmptyState>
      ) : (
        <Table label={m.top}>
          <thead>
            <tr>
              <Th className="pr-0!">
                <span className="sr-only">{m.rank}</span>
              </Th>
              <Th>{m.product}</Th>
              <Th className="text-right">{m.views}</Th>
              <Th className="max-sm:hidden">{m.trend}</Th>
              <Th className="text-right max-sm:hidden">{m.impressions}</Th>
              <Th className="max-sm:hidden">
                <span className="sr-only">{m.overTime}</span>
              </Th>
            </tr>
          </thead>
          <tbody>
            {viewed === undefined ? (
              <SkeletonRows columns={6} />
            ) : (
              viewed
                .slice(0, all ? viewed.length : fewTop)
                .map((entry, index) => <Row key={entry.product?.id} entry={entry} rank={index + 1} most={most} onShow={onShow} />)
            )}
          </tbody>
        </Table>
      )}
      {!all && (viewed?.length ?? 0) > fewTop && (
        <div className="mt-3 text-center">
          <Button size="sm" onClick={() => setAll(true)}>
            {m.more}
          </Button>
        </div>
      )}
    </div>
  );
}

interface RowProps {
  readonly entry: Entry;
  readonly rank: number;
  readonly most: number;
  readonly onShow: (product: string) => void;
}

function Row({ entry: { product, views, impressions, previousViews }, rank, most, onShow }: RowProps) {
  const m = useMessages(messages);
  const format = useFormat();
  if (product === undefined) return null;
  return (
    <Tr>
      <Td className="w-0 pr-0! text-right text-xs text-ink-soft tabular-nums">{format.number(rank)}</Td>
      <Td>
        <ProductCell product={product} />
      </Td>
      <Td className="text-right font-medium tabular-nums">
        {format.number(views)}
        <span aria-hidden className="mt-1 ml-auto block h-1 w-16 overflow-hidden rounded-full bg-sunken">
          <span
            className="block h-full rounded-full bg-accent"
            style={{ width: `${Math.max(4, (Number(views) / most) * 100)}%` }}
          />
        </span>
        <span className="mt-1 block sm:hidden">
          <Trend now={Number(views)} before={Number(previousViews)} />
        </span>
      </Td>
      <Td className="max-sm:hidden">
        <Trend now={Number(views)} before={Number(previousViews)} />
      </Td>
      <Td className="text-right text-ink-soft tabular-nums max-sm:hidden">{format.number(impressions)}</Td>
      <Td className="w-0 pl-0! max-sm:hidden">
        <IconButton size="sm" label={m.showInChart(product.name)} onClick={() => onShow(product.id)}>
          <ChartNoAxesColumn />
        </IconButton>
      </Td>
    </Tr>
  );
}
