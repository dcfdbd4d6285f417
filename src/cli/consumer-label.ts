/** Under this label a session names the consumer that its output is kept for, and that its command waits for. */
export const CONSUMER_LABEL = "exec-sessions.consumer";
