// A process that holds a private Redis on the folder of its first argument until it is ended.
import { startPrivateRedis } from "../../../src/store/private-redis.js";

const [dataDir = "", binary = ""] = process.argv.slice(2);
const redis = await startPrivateRedis({ dataDir, binary });
process.stdout.write(`holds ${redis.url}\n`);
setInterval(() => {}, 60_000);
