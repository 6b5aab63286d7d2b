/**
 * Lets several who work side by side be read as if one came after the other: the first that has not ended speaks at once,
 * what the others say is kept until it is their turn. Returns for each name how it says something and how it ends.
 */
export function inTurn(names, write) {
  const turns = names.map((name) => ({ name, kept: [], ended: false }));
  const waiting = [...turns];
  function speak() {
    while (waiting.length > 0) {
      const [first] = waiting;
      for (const chunk of first.kept.splice(0)) write(chunk);
      if (!first.ended) return;
      waiting.shift();
    }
  }
  const voiceOf = (turn) => ({
    say(chunk) {
      turn.kept.push(chunk);
      speak();
    },
    end() {
      turn.ended = true;
      speak();
    },
  });
  return new Map(turns.map((turn) => [turn.name, voiceOf(turn)]));
}
