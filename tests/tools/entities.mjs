// Writes common/mdx/mdx_entity_table.c, the names of character references,
// from the npm packages character-entities and character-entities-legacy (MIT,
// data of the HTML standard), which are looked for in the folder that is given:
//
//	node tests/tools/entities.mjs FOLDER/node_modules >common/mdx/mdx_entity_table.c

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
if (folder === undefined) {
	console.error("usage: entities.mjs FOLDER/node_modules");
	process.exit(2);
}
const load = (name) =>
	import(pathToFileURL(resolve(folder, name, "index.js")).href);
const { characterEntities } = await load("character-entities");
const { characterEntitiesLegacy } = await load("character-entities-legacy");
const legacy = new Set(characterEntitiesLegacy);
const hex = (unit) => (unit ? `0x${unit.toString(16)}` : "0");

const rows = Object.keys(characterEntities)
	.sort((a, b) => (a < b ? -1 : 1))
	.map((name) => {
		const value = characterEntities[name];
		const units = `{${hex(value.charCodeAt(0))}, ${hex(value.charCodeAt(1))}}`;
		return `    {"${name}", ${units}, ${legacy.has(name)}},`;
	});
process.stdout.write(`/* Names of character references and what they stand for, in the order of
 * strcmp(); made by tests/tools/entities.mjs from the data of the HTML
 * standard. */
#include "mdx_entity.h"

const struct mdx_entity mdx_entities[] = {
${rows.join("\n")}
};

const size_t mdx_n_entities = ARRAY_LEN(mdx_entities);
`);
