import { MissingChannel } from "@/app/chat/_channels/missing-channel";

export default function ChannelNotFound() {
  return <MissingChannel />;
}
