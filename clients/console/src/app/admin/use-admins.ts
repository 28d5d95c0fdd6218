import { type Admin, AdminService } from "@zebrands/catalog";
import { useQuery } from "@zebrands/catalog/react";

/** Returns all administrators, also those who left; none until they are known. */
export function useAdmins(): readonly Admin[] {
  return useQuery(AdminService.method.listAdmins, { pageSize: 1000, showDeleted: true }).data?.admins ?? [];
}
