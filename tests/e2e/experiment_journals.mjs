// Runs that are over, from their journals: resumed, in shards, put together.
export async function journals() {
}
