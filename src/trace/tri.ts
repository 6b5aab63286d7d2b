/** An answer that may not be known. */
export type Tri = 'yes' | 'no' | 'maybe';

/** An answer that is known. */
export function tri(value: boolean): Tri {
  return value ? 'yes' : 'no';
}

/** The opposite; `maybe` has none. */
export function not(value: Tri): Tri {
  if (value === 'maybe') return 'maybe';
  return value === 'yes' ? 'no' : 'yes';
}

/** Yes when all are, no as soon as one is. */
export function every<T>(items: Iterable<T>, test: (item: T) => Tri): Tri {
  let result: Tri = 'yes';
  for (const item of items) {
    const one = test(item);
    if (one === 'no') return 'no';
    if (one === 'maybe') result = 'maybe';
  }
  return result;
}

/** Yes as soon as one is, no when none is. */
export function some<T>(items: Iterable<T>, test: (item: T) => Tri): Tri {
  return not(every(items, (item) => not(test(item))));
}
