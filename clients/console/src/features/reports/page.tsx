import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMessages } from "@/i18n";
import { useDescribeError } from "@/lib/errors";
import { useTitle } from "@/lib/use-title";
import { PageHeader } from "@/ui/card";
import { Segments } from "@/ui/segments";
import { ErrorState } from "@/ui/state";
import { figuresOptions } from "./data";
import { DownloadMenu } from "./download-menu";
import { Freshness } from "./freshness";
import { messages } from "./messages";
import { OverTime } from "./over-time";
import { periods } from "./search";
import { Tiles } from "./tiles";
import { TopProducts } from "./top-products";
import { UnviewedProducts } from "./unviewed-products";

const route = getRouteApi("/admin/reports");

export function ReportsPage() {
  const m = useMessages(messages);
  useTitle(m.title);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const describe = useDescribeError();
  const { period = "30d", product } = search;
  const figures = useQuery(figuresOptions(period, product));
  // How fresh they are is told of the catalog as a whole.
  const all = useQuery(figuresOptions(period)).data;

  function show(id: string) {
    void navigate({ search: { ...search, product: id }, replace: true, resetScroll: false });
    document.getElementById("over-time")?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  return (
    <>
      <PageHeader title={m.title} description={m.intro} actions={<DownloadMenu period={period} figures={figures.data} />} />
      <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <Segments
          label={m.period}
          value={period}
          choices={periods.map((value) => ({ value, label: m[value] }))}
          onChange={(next) => void navigate({ search: { ...search, period: next }, replace: true, resetScroll: false })}
        />
        <Freshness figures={all} />
      </div>
      {figures.isError && figures.data === undefined ? (
        <ErrorState message={describe(figures.error)} onRetry={() => void figures.refetch()} />
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
          <Tiles figures={figures.data} />
          <OverTime figures={figures.data} by={figures.data?.by ?? "day"} />
        </div>
      )}
      <div className="mt-8 grid items-start gap-x-6 gap-y-8 grid-cols-[minmax(0,1fr)] xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <TopProducts period={period} onShow={show} />
        <UnviewedProducts period={period} />
      </div>
    </>
  );
}
