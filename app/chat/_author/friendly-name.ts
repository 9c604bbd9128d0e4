const moods = ["Quiet", "Gentle", "Bright", "Calm", "Merry", "Early", "Sunny", "Brave", "Mossy"];
const creatures = ["Heron", "Otter", "Hare", "Wren", "Badger", "Fox", "Marten", "Owl", "Finch", "Deer", "Newt"];

/** A name for a reader who has not chosen one, such as `Quiet Heron`. */
export function friendlyName(random: () => number = Math.random): string {
  return `${pick(moods, random)} ${pick(creatures, random)}`;
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? "";
}
