import { SlidersHorizontal } from "lucide-react";
import { lazy, Suspense } from "react";
import { useFormat, useMessages } from "@/i18n";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { Popover } from "@/ui/popover";
import { SearchField } from "@/ui/search-field";
import { Skeleton } from "@/ui/state";
import { messages } from "./messages";
import { filterCount, type Order, orders, type ProductsChange, type ProductsSearch } from "./search-state";

const FilterPanel = lazy(() => import("./filter-panel"));

/** What the address says about the list, and how to change it. */
export interface ToolbarProps {
  readonly search: ProductsSearch;
  readonly onChange: (change: ProductsChange, replace?: boolean) => void;
}

/** Search, filters and order above the table. All of it is in the address. */
export function Toolbar({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const format = useFormat();
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <SearchField
        label={m.search}
        words={search.q ?? ""}
        onSearch={(q) => onChange({ q }, true)}
        className="min-w-0 flex-1 basis-64"
      />
      <Popover
        label={m.filters}
        align="end"
        trigger={
          <Button>
            <SlidersHorizontal aria-hidden />
            {m.showFilters(format.number(filterCount(search)))}
          </Button>
        }
      >
        {() => (
          <Suspense fallback={<Skeleton className="h-80 rounded-lg" />}>
            <FilterPanel search={search} onChange={onChange} />
          </Suspense>
        )}
      </Popover>
      <SortSelect search={search} onChange={onChange} />
    </div>
  );
}

function SortSelect({ search, onChange }: ToolbarProps) {
  const m = useMessages(messages);
  const names: readonly (readonly [Order, string])[] = [
    ["-create_time", m.newest],
    ["create_time", m.oldest],
    ["-update_time", m.lastChanged],
    ["name", m.nameAZ],
    ["brand", m.brand],
    ["sku", m.sku],
    ["price", m.cheapest],
    ["-price", m.dearest],
  ];
  const implied = search.q === undefined ? m.newest : m.bestMatch;
  const listed = names.some(([order]) => order === search.sort);
  return (
    <div className="w-48 max-sm:min-w-0 max-sm:flex-1">
      <Select
        aria-label={m.sort}
        value={search.sort ?? ""}
        onChange={(event) => onChange({ sort: orders.find((order) => order === event.target.value) })}
      >
        <option value="">{implied}</option>
        {names
          .filter(([order]) => order !== "-create_time" || search.q !== undefined)
          .map(([order, name]) => (
            <option key={order} value={order}>
              {name}
            </option>
          ))}
        {search.sort !== undefined && !listed && <option value={search.sort}>↓ {m[fieldOf(search.sort)]}</option>}
      </Select>
    </div>
  );
}

function fieldOf(order: Order): "name" | "brand" | "sku" | "updated" {
  const field = order.replace("-", "");
  return field === "name" || field === "brand" || field === "sku" ? field : "updated";
}
