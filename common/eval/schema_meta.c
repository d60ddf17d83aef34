/* The meta-schemas of draft 2020-12, as json-schema.org publishes them, so that
 * a schema can refer to the language that it is written in. */
#include "schema_int.h"

#include "../base/utf.h"

#define BASE "https://json-schema.org/draft/2020-12/"

static const char schema_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/schema\",\"$vocabu"
    "lary\":{\"https://json-schema.org/draft/2020-12/vocab/core\":tru"
    "e,\"https://json-schema.org/draft/2020-12/vocab/applicator\":tru"
    "e,\"https://json-schema.org/draft/2020-12/vocab/unevaluated\":tr"
    "ue,\"https://json-schema.org/draft/2020-12/vocab/validation\":tr"
    "ue,\"https://json-schema.org/draft/2020-12/vocab/meta-data\":tru"
    "e,\"https://json-schema.org/draft/2020-12/vocab/format-annotatio"
    "n\":true,\"https://json-schema.org/draft/2020-12/vocab/content\""
    ":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Core and Validati"
    "on specifications meta-schema\",\"allOf\":[{\"$ref\":\"meta/core"
    "\"},{\"$ref\":\"meta/applicator\"},{\"$ref\":\"meta/unevaluated"
    "\"},{\"$ref\":\"meta/validation\"},{\"$ref\":\"meta/meta-data\"}"
    ",{\"$ref\":\"meta/format-annotation\"},{\"$ref\":\"meta/content"
    "\"}],\"type\":[\"object\",\"boolean\"],\"$comment\":\"This meta-"
    "schema also defines keywords that have appeared in previous draf"
    "ts in order to prevent incompatible extensions as they remain in"
    " common use.\",\"properties\":{\"definitions\":{\"$comment\":\""
    "\\\"definitions\\\" has been replaced by \\\"$defs\\\".\",\"type"
    "\":\"object\",\"additionalProperties\":{\"$dynamicRef\":\"#meta"
    "\"},\"deprecated\":true,\"default\":{}},\"dependencies\":{\"$com"
    "ment\":\"\\\"dependencies\\\" has been split and replaced by \\"
    "\"dependentSchemas\\\" and \\\"dependentRequired\\\" in order to"
    " serve their differing semantics.\",\"type\":\"object\",\"additi"
    "onalProperties\":{\"anyOf\":[{\"$dynamicRef\":\"#meta\"},{\"$ref"
    "\":\"meta/validation#/$defs/stringArray\"}]},\"deprecated\":true"
    ",\"default\":{}},\"$recursiveAnchor\":{\"$comment\":\"\\\"$recur"
    "siveAnchor\\\" has been replaced by \\\"$dynamicAnchor\\\".\",\""
    "$ref\":\"meta/core#/$defs/anchorString\",\"deprecated\":true},\""
    "$recursiveRef\":{\"$comment\":\"\\\"$recursiveRef\\\" has been r"
    "eplaced by \\\"$dynamicRef\\\".\",\"$ref\":\"meta/core#/$defs/ur"
    "iReferenceString\",\"deprecated\":true}}}";

static const char meta_core_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/core\",\"$voc"
    "abulary\":{\"https://json-schema.org/draft/2020-12/vocab/core\":"
    "true},\"$dynamicAnchor\":\"meta\",\"title\":\"Core vocabulary me"
    "ta-schema\",\"type\":[\"object\",\"boolean\"],\"properties\":{\""
    "$id\":{\"$ref\":\"#/$defs/uriReferenceString\",\"$comment\":\"No"
    "n-empty fragments not allowed.\",\"pattern\":\"^[^#]*#?$\"},\"$s"
    "chema\":{\"$ref\":\"#/$defs/uriString\"},\"$ref\":{\"$ref\":\"#/"
    "$defs/uriReferenceString\"},\"$anchor\":{\"$ref\":\"#/$defs/anch"
    "orString\"},\"$dynamicRef\":{\"$ref\":\"#/$defs/uriReferenceStri"
    "ng\"},\"$dynamicAnchor\":{\"$ref\":\"#/$defs/anchorString\"},\"$"
    "vocabulary\":{\"type\":\"object\",\"propertyNames\":{\"$ref\":\""
    "#/$defs/uriString\"},\"additionalProperties\":{\"type\":\"boolea"
    "n\"}},\"$comment\":{\"type\":\"string\"},\"$defs\":{\"type\":\"o"
    "bject\",\"additionalProperties\":{\"$dynamicRef\":\"#meta\"}}},"
    "\"$defs\":{\"anchorString\":{\"type\":\"string\",\"pattern\":\"^"
    "[A-Za-z_][-A-Za-z0-9._]*$\"},\"uriString\":{\"type\":\"string\","
    "\"format\":\"uri\"},\"uriReferenceString\":{\"type\":\"string\","
    "\"format\":\"uri-reference\"}}}";

static const char meta_applicator_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/applicator\","
    "\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/a"
    "pplicator\":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Applic"
    "ator vocabulary meta-schema\",\"type\":[\"object\",\"boolean\"],"
    "\"properties\":{\"prefixItems\":{\"$ref\":\"#/$defs/schemaArray"
    "\"},\"items\":{\"$dynamicRef\":\"#meta\"},\"contains\":{\"$dynam"
    "icRef\":\"#meta\"},\"additionalProperties\":{\"$dynamicRef\":\"#"
    "meta\"},\"properties\":{\"type\":\"object\",\"additionalProperti"
    "es\":{\"$dynamicRef\":\"#meta\"},\"default\":{}},\"patternProper"
    "ties\":{\"type\":\"object\",\"additionalProperties\":{\"$dynamic"
    "Ref\":\"#meta\"},\"propertyNames\":{\"format\":\"regex\"},\"defa"
    "ult\":{}},\"dependentSchemas\":{\"type\":\"object\",\"additional"
    "Properties\":{\"$dynamicRef\":\"#meta\"},\"default\":{}},\"prope"
    "rtyNames\":{\"$dynamicRef\":\"#meta\"},\"if\":{\"$dynamicRef\":"
    "\"#meta\"},\"then\":{\"$dynamicRef\":\"#meta\"},\"else\":{\"$dyn"
    "amicRef\":\"#meta\"},\"allOf\":{\"$ref\":\"#/$defs/schemaArray\""
    "},\"anyOf\":{\"$ref\":\"#/$defs/schemaArray\"},\"oneOf\":{\"$ref"
    "\":\"#/$defs/schemaArray\"},\"not\":{\"$dynamicRef\":\"#meta\"}}"
    ",\"$defs\":{\"schemaArray\":{\"type\":\"array\",\"minItems\":1,"
    "\"items\":{\"$dynamicRef\":\"#meta\"}}}}";

static const char meta_unevaluated_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/unevaluated\""
    ",\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/"
    "unevaluated\":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Unev"
    "aluated applicator vocabulary meta-schema\",\"type\":[\"object\""
    ",\"boolean\"],\"properties\":{\"unevaluatedItems\":{\"$dynamicRe"
    "f\":\"#meta\"},\"unevaluatedProperties\":{\"$dynamicRef\":\"#met"
    "a\"}}}";

static const char meta_validation_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/validation\","
    "\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/v"
    "alidation\":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Valida"
    "tion vocabulary meta-schema\",\"type\":[\"object\",\"boolean\"],"
    "\"properties\":{\"type\":{\"anyOf\":[{\"$ref\":\"#/$defs/simpleT"
    "ypes\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/simple"
    "Types\"},\"minItems\":1,\"uniqueItems\":true}]},\"const\":true,"
    "\"enum\":{\"type\":\"array\",\"items\":true},\"multipleOf\":{\"t"
    "ype\":\"number\",\"exclusiveMinimum\":0},\"maximum\":{\"type\":"
    "\"number\"},\"exclusiveMaximum\":{\"type\":\"number\"},\"minimum"
    "\":{\"type\":\"number\"},\"exclusiveMinimum\":{\"type\":\"number"
    "\"},\"maxLength\":{\"$ref\":\"#/$defs/nonNegativeInteger\"},\"mi"
    "nLength\":{\"$ref\":\"#/$defs/nonNegativeIntegerDefault0\"},\"pa"
    "ttern\":{\"type\":\"string\",\"format\":\"regex\"},\"maxItems\":"
    "{\"$ref\":\"#/$defs/nonNegativeInteger\"},\"minItems\":{\"$ref\""
    ":\"#/$defs/nonNegativeIntegerDefault0\"},\"uniqueItems\":{\"type"
    "\":\"boolean\",\"default\":false},\"maxContains\":{\"$ref\":\"#/"
    "$defs/nonNegativeInteger\"},\"minContains\":{\"$ref\":\"#/$defs/"
    "nonNegativeInteger\",\"default\":1},\"maxProperties\":{\"$ref\":"
    "\"#/$defs/nonNegativeInteger\"},\"minProperties\":{\"$ref\":\"#/"
    "$defs/nonNegativeIntegerDefault0\"},\"required\":{\"$ref\":\"#/$"
    "defs/stringArray\"},\"dependentRequired\":{\"type\":\"object\","
    "\"additionalProperties\":{\"$ref\":\"#/$defs/stringArray\"}}},\""
    "$defs\":{\"nonNegativeInteger\":{\"type\":\"integer\",\"minimum"
    "\":0},\"nonNegativeIntegerDefault0\":{\"$ref\":\"#/$defs/nonNega"
    "tiveInteger\",\"default\":0},\"simpleTypes\":{\"enum\":[\"array"
    "\",\"boolean\",\"integer\",\"null\",\"number\",\"object\",\"stri"
    "ng\"]},\"stringArray\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"string\"},\"uniqueItems\":true,\"default\":[]}}}";

static const char meta_meta_data_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/meta-data\","
    "\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/m"
    "eta-data\":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Meta-da"
    "ta vocabulary meta-schema\",\"type\":[\"object\",\"boolean\"],\""
    "properties\":{\"title\":{\"type\":\"string\"},\"description\":{"
    "\"type\":\"string\"},\"default\":true,\"deprecated\":{\"type\":"
    "\"boolean\",\"default\":false},\"readOnly\":{\"type\":\"boolean"
    "\",\"default\":false},\"writeOnly\":{\"type\":\"boolean\",\"defa"
    "ult\":false},\"examples\":{\"type\":\"array\",\"items\":true}}}";

static const char meta_format_annotation_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/format-annota"
    "tion\",\"$vocabulary\":{\"https://json-schema.org/draft/2020-12/"
    "vocab/format-annotation\":true},\"$dynamicAnchor\":\"meta\",\"ti"
    "tle\":\"Format vocabulary meta-schema for annotation results\","
    "\"type\":[\"object\",\"boolean\"],\"properties\":{\"format\":{\""
    "type\":\"string\"}}}";

static const char meta_content_text[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\""
    "$id\":\"https://json-schema.org/draft/2020-12/meta/content\",\"$"
    "vocabulary\":{\"https://json-schema.org/draft/2020-12/vocab/cont"
    "ent\":true},\"$dynamicAnchor\":\"meta\",\"title\":\"Content voca"
    "bulary meta-schema\",\"type\":[\"object\",\"boolean\"],\"propert"
    "ies\":{\"contentEncoding\":{\"type\":\"string\"},\"contentMediaT"
    "ype\":{\"type\":\"string\"},\"contentSchema\":{\"$dynamicRef\":"
    "\"#meta\"}}}";

static const struct {
	const char *uri, *text;
} documents[] = {
    {BASE "schema", schema_text},
    {BASE "meta/core", meta_core_text},
    {BASE "meta/applicator", meta_applicator_text},
    {BASE "meta/unevaluated", meta_unevaluated_text},
    {BASE "meta/validation", meta_validation_text},
    {BASE "meta/meta-data", meta_meta_data_text},
    {BASE "meta/format-annotation", meta_format_annotation_text},
    {BASE "meta/content", meta_content_text},
};

struct str
schema_meta(struct str uri)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(documents); i++)
		if (str_is(uri, documents[i].uri))
			return str_from(documents[i].text);
	return (struct str){NULL, 0};
}
