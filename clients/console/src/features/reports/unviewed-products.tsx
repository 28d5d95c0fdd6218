import { useInfiniteQuery } from "@tanstack/react-query";
import type { ListUnviewedProductsResponse_Entry as Entry } from "@zebrands/catalog";
import { PartyPopper } from "lucide-react";
import { useFormat, useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { Button } from "@/ui/button";
import { EmptyState, ErrorState } from "@/ui/state";
import { Table, Td, Th, Tr } from "@/ui/table";
import { unviewedOptions } from "./data";
import { messages } from "./messages";
import { ProductCell, SkeletonRows } from "./product-cell";
import type { Period } from "./search";

/** The products without a view. */
export function UnviewedProducts({ period }: { readonly period: Period }) {
  const m = useMessages(messages);
  const format = useFormat();
  const describe = useDescribeError();
  const list = useInfiniteQuery(unviewedOptions(period));
  const entries = list.data?.pages.flatMap(({ page }) => page.entries);
  const total = list.data?.pages[0]?.page.totalSize;
  return (
    <div className="min-w-0">
      <h2 className="font-semibold">{m.unviewed}</h2>
      <p className="mb-3 min-h-5 text-sm text-ink-soft">
        {total !== undefined && total > 0 && m.unviewedText(format.number(total), total)}
      </p>
      {list.isError && entries === undefined ? (
        <ErrorState message={describe(list.error)} onRetry={() => void list.refetch()} />
      ) : entries?.length === 0 ? (
        <EmptyState icon={PartyPopper} title={m.noUnviewed}>
          {m.noUnviewedText}
        </EmptyState>
      ) : (
        <Table label={m.unviewed}>
          <thead>
            <tr>
              <Th>{m.product}</Th>
              <Th className="text-right">{m.listed}</Th>
              <Th className="max-sm:hidden">{m.since}</Th>
            </tr>
          </thead>
          <tbody>
            {entries === undefined ? (
              <SkeletonRows columns={3} />
            ) : (
              entries.map((entry) => <Row key={entry.product?.id} entry={entry} />)
            )}
          </tbody>
        </Table>
      )}
      {list.hasNextPage && (
        <div className="mt-3 text-center">
          <Button size="sm" aria-disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {m.more}
          </Button>
        </div>
      )}
    </div>
  );
}

function Row({ entry: { product, impressions } }: { readonly entry: Entry }) {
  const format = useFormat();
  if (product === undefined) return null;
  return (
    <Tr>
      <Td>
        <ProductCell product={product} />
      </Td>
      <Td className="text-right tabular-nums">{format.number(impressions)}</Td>
      <Td className="whitespace-nowrap text-ink-soft max-sm:hidden">
        {product.createTime !== undefined && format.date(product.createTime)}
      </Td>
    </Tr>
  );
}
