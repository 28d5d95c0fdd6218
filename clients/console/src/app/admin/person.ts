import { type Admin, AdminService, AuthService } from "@zebrands/catalog";
import { catalog } from "@/lib/catalog";
import { useRefresh } from "@/lib/refresh";

/**
 * Saves the name and the e-mail address of a form, as far as they are new: sending an address again, even the same one, gives up
 * another one that waits for its confirmation. Returns the administrator as they are then.
 */
export async function savePerson(admin: Admin, data: FormData): Promise<Admin> {
  const name = String(data.get("name"));
  const email = String(data.get("email"));
  const paths = [...(name === admin.name ? [] : ["name"]), ...(email === admin.email ? [] : ["email"])];
  if (paths.length === 0) return admin;
  const { id, etag } = admin;
  const answer = await catalog.admins.updateAdmin({ admin: { id, etag, name, email }, updateMask: { paths } });
  return answer.admin ?? admin;
}

/** Gives up an address that waits for its confirmation: the one that counts is set once more. */
export async function keepEmail({ id, etag, email }: Admin): Promise<void> {
  await catalog.admins.updateAdmin({ admin: { id, etag, email }, updateMask: { paths: ["email"] } });
}

/** Returns a function that reads administrators again wherever they are shown. */
export function useRefreshAdmins(): () => Promise<void> {
  const refresh = useRefresh();
  return () => refresh(AdminService.method.listAdmins, AuthService.method.getCurrentAdmin, AuthService.method.listSessions);
}
