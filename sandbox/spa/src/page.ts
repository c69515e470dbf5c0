import type { Address } from "./store";

export interface Visit {
  address: Address;
  go: (path: string) => Promise<void>;
  path: string;
  id: string;
}

export type Page = (visit: Visit) => Promise<void>;

export interface Notice {
  title: string;
  text?: string;
}
