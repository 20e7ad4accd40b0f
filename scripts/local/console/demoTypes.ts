/** How the demonstration conversations are written down. */

export type DemoTool = { name: string; args: Record<string, unknown>; result: string };

export type DemoMessage =
  | { role: "user"; text: string }
  | { role: "assistant"; text: string; thinking?: string; tools?: DemoTool[] };

export type DemoSession = {
  id: string;
  title: string;
  source: string;
  model: string;
  provider: string;
  projectName: string;
  /** How long ago it began, in days. */
  daysAgo: number;
  /** Dollars a thousand tokens; absent where the tool reports no cost. */
  price?: number;
  messages: DemoMessage[];
};

export const user = (text: string): DemoMessage => ({ role: "user", text });
export const assistant = (
  text: string,
  more: { thinking?: string; tools?: DemoTool[] } = {},
): DemoMessage => ({ role: "assistant", text, ...more });
export const tool = (name: string, args: Record<string, unknown>, result: string): DemoTool => ({
  name,
  args,
  result,
});
