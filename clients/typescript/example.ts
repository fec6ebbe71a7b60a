import { AccountsDocument, createClient, UpdateAccountDocument } from "./src/index.js";

const { TANDEM_URL: url = "http://127.0.0.1:4000/graphql", TANDEM_KEY: key } = process.env;
const tandem = createClient({ url, ...(key ? { headers: { authorization: `Bearer ${key}` } } : {}) });

const { data } = await tandem.request(AccountsDocument, { first: 3, filter: { state: ["LINKED"] } });
for (const { name, city, link } of data.accounts.nodes) console.log(`${name} (${city}): ${link.state}`);

const input = { id: data.accounts.nodes[0]?.id ?? "", set: { website: "https://tandem.example" } };
const { updateAccount } = (await tandem.request(UpdateAccountDocument, { input })).data;
console.log(updateAccount.status, updateAccount.account?.website, updateAccount.userErrors);
