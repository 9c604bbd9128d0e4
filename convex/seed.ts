import { mutation } from "convex-lite/server";
import { list } from "./channels";
import { listByChannel } from "./messages";
import { channels, messages } from "./schema";

/** The first page a newcomer sees. Minutes count back from the moment of seeding. */
const conversations = [
  {
    channel: "general",
    messages: [
      { minutesAgo: 1513, author: "Ines", text: "Morning! I put the kettle on. Make yourselves at home." },
      { minutesAgo: 1511, author: "Tomasz", text: "Smells like the good tea. Is this the new place?" },
      {
        minutesAgo: 1510,
        author: "Ines",
        text: "It is. Three channels so far, and you can open another whenever you like.",
      },
      {
        minutesAgo: 44,
        author: "Amara",
        text: "Just arrived. The page came with all of this already in it, nothing had to load.",
      },
      {
        minutesAgo: 42,
        author: "Tomasz",
        text: "And now it is live. Open this channel in a second window, side by side.",
      },
      { minutesAgo: 42, author: "Tomasz", text: "Write something in one and watch the other." },
      { minutesAgo: 38, author: "Amara", text: "Ha. It was there before I let go of the key." },
      { minutesAgo: 6, author: "Ines", text: "Welcome to whoever reads this next. Say hello below." },
    ],
  },
  {
    channel: "how-it-works",
    messages: [
      { minutesAgo: 73, author: "Amara", text: "So where does all this live?" },
      {
        minutesAgo: 71,
        author: "Ines",
        text: "In one process: Next.js, the functions in convex/, and a database. Look at convex/messages.ts: one query and one mutation.",
      },
      {
        minutesAgo: 70,
        author: "Ines",
        text: "The page preloads the query on the server. In the browser the same query stays subscribed.",
      },
      { minutesAgo: 68, author: "Amara", text: "And when I send a message?" },
      {
        minutesAgo: 66,
        author: "Tomasz",
        text: "It shows at once, a little paler. The mutation commits, says which queries are stale, and everyone who watches them gets the new answer.",
      },
      { minutesAgo: 63, author: "Amara", text: "What if my train goes into a tunnel?" },
      {
        minutesAgo: 61,
        author: "Tomasz",
        text: "Keep writing. Messages wait, then go out in order, each exactly once. Try it: stop the server, send two, start it again.",
      },
    ],
  },
  { channel: "random", messages: [] },
];

/** Fills an empty database with a few channels and something to read; does nothing ever after. */
export const ifEmpty = mutation({
  handler: async ({ db, scheduler }) => {
    // Two first visits at once: both see no channel, one transaction is run again and sees the other's.
    if (await db.query.channels.findFirst()) return;
    const now = Date.now();
    await db.insert(channels).values(conversations.map(({ channel }) => ({ name: channel })));
    await db.insert(messages).values(
      conversations.flatMap(({ channel, messages }) =>
        messages.map(({ minutesAgo, author, text }, place) => ({
          channel,
          author,
          text,
          createdAt: new Date(now - minutesAgo * 60_000 + place * 1000),
        })),
      ),
    );
    await scheduler.invalidate(list);
    await scheduler.invalidate(listByChannel);
  },
});
