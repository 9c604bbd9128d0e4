/** The id of the field in which a channel's next message is written. */
export const MESSAGE_FIELD = "message";
