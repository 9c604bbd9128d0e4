import { mutation } from "convex-lite/server";
import { list } from "./channels";
import { byChannel } from "./history";
import { listByChannel } from "./messages";
import { channels, messages } from "./schema";

/** What a new database contains. The times are minutes before the seeding. */
const conversations = [
  {
    channel: "general",
    messages: [
      { minutesAgo: 1513, author: "Ines", text: "Good morning, and welcome to the new chat." },
      { minutesAgo: 1511, author: "Tomasz", text: "Good morning! Is this where we talk from now on?" },
      {
        minutesAgo: 1510,
        author: "Ines",
        text: "It is. There are three channels so far. To add one, choose “New channel” beside the list.",
      },
      {
        minutesAgo: 44,
        author: "Amara",
        text: "I have just opened the page. All messages were there at once, without a loading indicator.",
      },
      {
        minutesAgo: 42,
        author: "Tomasz",
        text: "And it is live: open this channel in a second window, side by side.",
      },
      { minutesAgo: 42, author: "Tomasz", text: "Write something in one window and watch the other." },
      { minutesAgo: 38, author: "Amara", text: "It appeared in the other window at once." },
      { minutesAgo: 6, author: "Ines", text: "If you are new here: welcome! Say hello below." },
    ],
  },
  {
    channel: "how-it-works",
    messages: [
      { minutesAgo: 73, author: "Amara", text: "Where does all of this run?" },
      {
        minutesAgo: 71,
        author: "Ines",
        text: "In one process: Next.js, the functions in convex/, and a database. Look at convex/messages.ts: it has one query and one mutation.",
      },
      {
        minutesAgo: 70,
        author: "Ines",
        text: "The server runs the query while it renders the page. In the browser the page subscribes to the same query.",
      },
      { minutesAgo: 68, author: "Amara", text: "And what happens when I send a message?" },
      {
        minutesAgo: 66,
        author: "Tomasz",
        text: "You see it at once, a little paler. When the mutation has committed, the server runs the queries that it changed and sends the new result to every open page.",
      },
      { minutesAgo: 63, author: "Amara", text: "What if I lose the connection, in a tunnel for example?" },
      {
        minutesAgo: 61,
        author: "Tomasz",
        text: "You can keep writing. Your messages wait, and are then sent in order, each exactly once. Try it: stop the server, send two messages, and start it again.",
      },
    ],
  },
  { channel: "random", messages: [] },
];

/** Fills an empty database with channels and messages. Does nothing if there is a channel. */
export const ifEmpty = mutation({
  handler: async ({ db, scheduler }) => {
    // If two first visits come at once, both find no channel: one transaction runs again and finds those of the other.
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
    await scheduler.invalidate(byChannel);
  },
});
