// What every contestant does: read a number of calls, make them, tell what they cost.
import { createInterface } from "node:readline";

/**
 * Answers each number on standard input with the seconds that `run` took for what `prepare` made of it.
 *
 * Before each: `warmUp` calls that do not count. The others have had the processor, and idle connections may be gone.
 */
export async function serve(run, warmUp, prepare = (calls) => calls) {
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    await run(prepare(warmUp));
    const work = prepare(Number(line));
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    await run(work);
    const used = process.cpuUsage(cpu);
    const cost = { wall: Number(process.hrtime.bigint() - wall) / 1e9, cpu: (used.user + used.system) / 1e6 };
    console.log(JSON.stringify(cost));
  }
  // Keep-alive connections would hold the process.
  process.exit(0);
}
