import { ref, watch, type Ref, type WatchSource } from 'vue'

/** Turns true with the source, and stays so: what is mounted by it keeps its place when it closes. */
export function useOnceTrue(source: WatchSource<boolean>): Readonly<Ref<boolean>> {
  const once = ref(false)
  watch(source, (is) => (once.value ||= is), { immediate: true })
  return once
}
