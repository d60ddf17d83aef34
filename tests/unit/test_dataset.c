/* Datasets from files: what is below the root and what is not, lines good and
 * bad, gzip, CSV, and sampling. */
#include "../../common/base/crypt.h"
#include "../../common/base/limits.h"
#include "../../common/net/loop.h"
#include "../../common/run/beneath.h"
#include "../../common/store/store.h"
#include "dataset_print.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

static struct engine engine;
static char root[] = "/tmp/test_dataset.XXXXXX";

static void
in_root(const char *name, char *path, size_t size)
{
	(void)snprintf(path, size, "%s/%s", root, name);
}

static void
write_file(const char *name, const void *p, size_t len)
{
	char path[200];
	FILE *f;

	in_root(name, path, sizeof(path));
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
read_sampling(struct arena *a, const char *json, struct sampling *out)
{
	struct err err = {0};
	json_t *tree;

	*out = (struct sampling){.mode = SAMPLING_ALL};
	if (json == NULL)
		return;
	tree = json_read((struct str){json, strlen(json)}, &err);
	assert_non_null(tree);
	assert_int_equal(sampling_read(a, tree, out, &err), 0);
	json_decref(tree);
}

/* Whatever PATH gives, up to MAX lines of it. */
static void
print_path(const struct dataset_conf *conf, struct str path,
    const char *sampling, int max, struct buf *out)
{
	struct arena *a = arena_new(NULL);
	struct sampling s;
	struct err err = {0};
	struct dataset *d;

	read_sampling(a, sampling, &s);
	d = dataset_open(&engine, a, conf, path, &s, &err);
	if (d != NULL)
		dataset_print(&engine, d, out, max);
	else
		buf_addf(out, "refused %s\n", err.msg);
	dataset_close(d);
	err_free(&err);
	arena_free(a);
}

static void
check_file(const char *name, const char *sampling, const char *expected)
{
	const struct dataset_conf conf = {.root = root};
	struct buf out;

	buf_init(&out, 1 << 20);
	print_path(
	    &conf, (struct str){name, strlen(name)}, sampling, 10000, &out);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
}

#define NO_INPUT(line)                                                         \
	"Invalid dataset row at line " line ": missing or invalid 'input' "    \
	"field. Each row must have an 'input' object.\n"
#define NO_JSON(line) "Failed to parse JSON at line " line " in dataset x"

static void
test_lines(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"{\"input\":{\"a\":1}}\n", "0@1 {\"a\":1}\n"},
	    {"{\"input\":{\"a\":1}}", "0@1 {\"a\":1}\n"},
	    {"\xef\xbb\xbf{\"input\":{\"a\":1}}\r\n\r\n \t\n"
	     "  {\"input\":{}}  \r\n",
		"0@1 {\"a\":1}\n1@4 {}\n"},
	    {"{\"input\":[1],\"expected_output\":null,\"metadata\":{\"k\":2},"
	     "\"other\":[{\"x\":\"\\n\"},1.5,true]}",
		"0@1 [1] expects null metadata {\"k\":2}\n"},
	    {"{\"input\":{\"a\":1},\"expected_output\":\"x\",\"input\":[2],"
	     "\"expected_output\":{\"b\":[]}}",
		"0@1 [2] expects {\"b\":[]}\n"},
	    {"{\"input\":{\"s\":\"\\ud800 \\u0000 é\"}}\n",
		"0@1 {\"s\":\"\\ud800 \\u0000 é\"}\n"},
	    {"{\"input\":{\"n\":1e400,\"m\":12345678901234567890}}\n",
		"0@1 {\"n\":null,\"m\":12345678901234567000}\n"},
	    {"{\"input\":{}}\n\n{\"input\": {\"q\": broken\n{\"input\":{}}\n",
		"0@1 {}\nbad 1@3 " NO_JSON("3") ".jsonl: column 17: expected "
						"a value\n2@4 {}\n"},
	    {"{\"input\":{}} x\n{\"input\":{},\"k\":tru}\n{\"input\":{}",
		"bad 0@1 " NO_JSON(
		    "1") ".jsonl: column 14: unexpected text behind the "
			 "value\n"
			 "bad 1@2 " NO_JSON("2") ".jsonl: column 17: expected "
						 "a value\n"
						 "bad 2@3 " NO_JSON(
						     "3") ".jsonl: column 12: "
							  "unexpected end\n"},
	    {"{\"q\":1}\n{\"input\":null}\n{\"input\":\"x\"}\n[1]\n5\n\"x\"\n",
		"bad 0@1 " NO_INPUT("1") "bad 1@2 " NO_INPUT(
		    "2") "bad 2@3 " NO_INPUT("3") "bad 3@4 " NO_INPUT("4") "bad"
									   " 4@"
									   "5"
									   " " NO_INPUT("5") "bad 5@6 " NO_INPUT(
									       "6")},
	    {"", "broken Dataset x.jsonl is empty or contains no valid rows\n"},
	    {"\xef\xbb\xbf\n \r\n\n",
		"broken Dataset x.jsonl is empty or contains no valid rows\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_file("x.jsonl", cases[i].text, strlen(cases[i].text));
		check_file("x.jsonl", NULL, cases[i].expected);
	}
}

/* Lines around the sizes of blocks, and beyond what is allowed. */
static void
test_long_lines(void **state)
{
	static const size_t sizes[] = {65000, 65536, 131072, 300000, 2000000,
	    LIMIT_DATASET_LINE_BYTES - 40, LIMIT_DATASET_LINE_BYTES + 1,
	    3 * LIMIT_DATASET_LINE_BYTES};
	const struct dataset_conf conf = {.root = root};
	struct buf text, out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char expected[200];
		char *to;

		buf_init(&text, 100 << 20);
		buf_init(&out, 100 << 20);
		buf_adds(&text, "{\"input\":{}}\n{\"input\":{\"a\":\"");
		to = buf_reserve(&text, sizes[i]);
		memset(to, 'x', sizes[i]);
		text.len += sizes[i];
		buf_adds(&text, "\"}}\n\n{\"input\":{\"b\":1}}");
		write_file("x.jsonl", text.data, text.len);
		print_path(&conf, STR("x.jsonl"), NULL, 10, &out);
		if (sizes[i] < LIMIT_DATASET_LINE_BYTES) {
			assert_int_equal(out.len, sizes[i] + 32);
			assert_memory_equal(
			    out.data, "0@1 {}\n1@2 {\"a\":\"xxx", 20);
		} else {
			(void)snprintf(expected, sizeof(expected),
			    "0@1 {}\nbad 1@2 Invalid dataset row at line 2: "
			    "longer than %u bytes in dataset x.jsonl\n"
			    "2@4 {\"b\":1}\n",
			    LIMIT_DATASET_LINE_BYTES);
			assert_string_equal(buf_str(&out), expected);
		}
		buf_free(&text);
		buf_free(&out);
	}
}

static void
test_recorded(void **state)
{
	const char *top = getenv("srcdir");
	char path[200];
	struct dataset_conf conf = {.root = path};
	struct buf out;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/data/datasets",
	    top != NULL ? top : ".");
	buf_init(&out, 1 << 20);
	print_path(&conf, STR("./sub/in.jsonl"), NULL, 10, &out);
	print_path(&conf, STR("sub/../basic.jsonl"), NULL, 10, &out);
	print_path(&conf, STR("rows1000.jsonl"), "{\"rows\":[999]}", 10, &out);
	assert_string_equal(buf_str(&out),
	    "0@1 {\"q\":\"in sub\"} expects \"sub\"\n"
	    "0@1 {\"q\":\"the answer is 42\"} expects \"42\"\n"
	    "1@2 {\"q\":\"say naïve 世界\"} expects \"wrong\"\n"
	    "2@4 {\"q\":\"third\"}\n"
	    "3@5 {\"q\":\"fourth one\",\"extra\":[1,{\"b\":2,\"a\":1}]} "
	    "expects \"one\"\n"
	    "999@1000 {\"q\":\"question number word999\"} expects \"other\"\n");
	buf_free(&out);
}

#define DENIED "refused Access denied: path outside allowed directory\n"
#define SUFFIX                                                                 \
	"refused Dataset must be a JSON Lines file (.jsonl), packed "          \
	"(.jsonl.gz), or a CSV file (.csv)\n"
#define NOT_FOUND(path)                                                        \
	"refused Dataset not found: " path                                     \
	". Ensure it was included in 'agentmark build' output.\n"

static void
make_links(void)
{
	char path[200], target[200];

	in_root("d", path, sizeof(path));
	assert_int_equal(mkdir(path, 0755), 0);
	write_file("d/in.jsonl", "{\"input\":{\"in\":1}}\n", 19);
	in_root("out.jsonl", path, sizeof(path));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	in_root("up.jsonl", path, sizeof(path));
	assert_int_equal(symlink("../../etc/passwd", path), 0);
	in_root("updir", path, sizeof(path));
	assert_int_equal(symlink("..", path), 0);
	in_root("proc.jsonl", path, sizeof(path));
	assert_int_equal(symlink("/proc/self/fd/0", path), 0);
	in_root("loop.jsonl", path, sizeof(path));
	assert_int_equal(symlink("loop.jsonl", path), 0);
	in_root("link.jsonl", path, sizeof(path));
	assert_int_equal(symlink("d/in.jsonl", path), 0);
	in_root("self.jsonl", path, sizeof(path));
	in_root("d/in.jsonl", target, sizeof(target));
	assert_int_equal(symlink(target, path), 0);
	in_root("pipe.jsonl", path, sizeof(path));
	assert_int_equal(mkfifo(path, 0600), 0);
	in_root("dir.jsonl", path, sizeof(path));
	assert_int_equal(mkdir(path, 0755), 0);
}

static void
test_paths(void **state)
{
	static const struct {
		struct str path;
		const char *expected;
	} cases[] = {
	    {{"d/in.jsonl", 10}, "0@1 {\"in\":1}\n"},
	    {{"./d//./in.jsonl", 15}, "0@1 {\"in\":1}\n"},
	    {{"d/../d/in.jsonl", 15}, "0@1 {\"in\":1}\n"},
	    {{"nowhere/../d/in.jsonl", 21}, "0@1 {\"in\":1}\n"},
	    {{"/etc/passwd.jsonl", 17},
		"refused Absolute paths are not allowed\n"},
	    {{"a\0b.jsonl", 9}, "refused Invalid path\n"},
	    {{"../x.jsonl", 10}, DENIED},
	    {{"d/../../x.jsonl", 15}, DENIED},
	    {{"./../d/in.jsonl", 15}, DENIED},
	    {{"out.jsonl", 9}, DENIED},
	    {{"up.jsonl", 8}, DENIED},
	    {{"updir/x.jsonl", 13}, DENIED},
	    {{"proc.jsonl", 10}, DENIED},
	    {{"loop.jsonl", 10}, DENIED},
	    {{"self.jsonl", 10}, DENIED},
	    {{"pipe.jsonl", 10},
		"refused Dataset pipe.jsonl is no regular file\n"},
	    {{"dir.jsonl", 9},
		"refused Dataset dir.jsonl is no regular file\n"},
	    {{"d", 1}, SUFFIX},
	    {{"", 0}, SUFFIX},
	    {{".jsonl", 6}, SUFFIX},
	    {{"d/in.jsonl/", 11}, SUFFIX},
	    {{"d/in.JSONL", 10}, SUFFIX},
	    {{"no.jsonl", 8}, NOT_FOUND("no.jsonl")},
	    {{"no/x.jsonl", 10}, NOT_FOUND("no/x.jsonl")},
	    {{"d/in.jsonl/x.jsonl", 18}, NOT_FOUND("d/in.jsonl/x.jsonl")},
	    {{"%2e%2e/x.jsonl", 14}, NOT_FOUND("%2e%2e/x.jsonl")},
	    {{"d%2fin.jsonl", 12}, NOT_FOUND("d%2fin.jsonl")},
	    {{"x\n\x1b.jsonl", 9}, NOT_FOUND("x??.jsonl")},
	    {{"x\xff.jsonl", 8}, NOT_FOUND("x\xef\xbf\xbd.jsonl")},
	};
	const struct dataset_conf conf = {.root = root};
	struct buf out;

	(void)state;
	make_links();
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_clear(&out);
		print_path(&conf, cases[i].path, NULL, 10, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
	}
	buf_free(&out);
}

/* The way of older kernels, which follows no link at all. */
static void
test_walk(void **state)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
	    {"d/in.jsonl", 0},
	    {"d/no.jsonl", ENOENT},
	    {"d/in.jsonl/x", ENOTDIR},
	    {"out.jsonl", ELOOP},
	    {"link.jsonl", ELOOP},
	    {"updir/x.jsonl", ENOTDIR},
	};
	int dir = open(root, O_PATH | O_DIRECTORY), fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		errno = 0;
		fd = beneath_walk(dir, cases[i].path);
		assert_int_equal(fd < 0 ? errno : 0, cases[i].error);
		if (fd >= 0)
			(void)close(fd);
	}
	(void)close(dir);
}

static void
test_sources(void **state)
{
	static const struct dataset_conf none = {.root = NULL};
	static const struct dataset_conf wrong = {.root = "/nowhere/at/all"};
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	print_path(&none, STR("x.jsonl"), NULL, 1, &out);
	print_path(&wrong, STR("x.jsonl"), NULL, 1, &out);
	assert_string_equal(buf_str(&out),
	    "refused Loader not found: neither a folder of datasets nor "
	    "AgentMark's API is configured\n"
	    "refused The folder of datasets cannot be opened: No such file or "
	    "directory\n");
	buf_free(&out);
}

/* --- gzip */

static void
add_member(struct buf *out, const char *p, size_t len)
{
	z_stream z = {0};
	size_t size;

	assert_int_equal(
	    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size = deflateBound(&z, len) + 100;
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (unsigned)len;
	z.next_out = (Bytef *)buf_reserve(out, size);
	z.avail_out = (unsigned)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	(void)deflateEnd(&z);
}

#define ROW_A "{\"input\":{\"a\":1}}\n"
#define ROW_B "{\"input\":{\"b\":2}}\n"

static void
test_gzip(void **state)
{
	struct buf packed;
	size_t first;

	(void)state;
	buf_init(&packed, 1 << 20);
	add_member(&packed, ROW_A, strlen(ROW_A));
	first = packed.len;
	write_file("x.jsonl.gz", packed.data, packed.len);
	check_file("x.jsonl.gz", NULL, "0@1 {\"a\":1}\n");

	add_member(&packed, "", 0);
	add_member(&packed, ROW_B, strlen(ROW_B));
	write_file("x.jsonl.gz", packed.data, packed.len);
	check_file("x.jsonl.gz", NULL, "0@1 {\"a\":1}\n1@2 {\"b\":2}\n");
	check_file("x.jsonl.gz",
	    "{\"split\":{\"portion\":\"test\",\"percentage\":50}}",
	    "1@2 {\"b\":2}\n");

	write_file("x.jsonl.gz", packed.data, packed.len - 5);
	check_file("x.jsonl.gz", NULL,
	    "0@1 {\"a\":1}\n1@2 {\"b\":2}\n"
	    "broken Dataset x.jsonl.gz: the gzip data breaks off\n");
	write_file("x.jsonl.gz", packed.data, first + 7);
	check_file("x.jsonl.gz", NULL,
	    "0@1 {\"a\":1}\n"
	    "broken Dataset x.jsonl.gz: the gzip data breaks off\n");

	packed.len = first;
	buf_add(&packed, "\0\0\0", 3);
	write_file("x.jsonl.gz", packed.data, packed.len);
	check_file("x.jsonl.gz", NULL, "0@1 {\"a\":1}\n");
	buf_adds(&packed, "garbage");
	write_file("x.jsonl.gz", packed.data, packed.len);
	check_file("x.jsonl.gz", NULL,
	    "0@1 {\"a\":1}\n"
	    "broken Dataset x.jsonl.gz: what follows is no gzip data\n");
	write_file("x.jsonl.gz", ROW_A, strlen(ROW_A));
	check_file("x.jsonl.gz", NULL,
	    "broken Dataset x.jsonl.gz: incorrect header check\n");
	write_file("x.jsonl.gz", "", 0);
	check_file("x.jsonl.gz", NULL,
	    "broken Dataset x.jsonl.gz: the gzip data breaks off\n");
	buf_free(&packed);
}

/* A few kB that become a line of 200 MB cost that line. */
static void
test_bomb(void **state)
{
	static const size_t size = 200u << 20;
	char *text = calloc(1, size), expected[300];
	struct buf packed;

	(void)state;
	memset(text, ' ', size);
	memcpy(text, ROW_A, strlen(ROW_A));
	memcpy(text + size - strlen(ROW_B) - 1, "\n" ROW_B, strlen(ROW_B) + 1);
	buf_init(&packed, 1 << 20);
	buf_reserve(&packed, 900000);
	packed.max = SIZE_MAX / 2;
	add_member(&packed, text, size);
	write_file("x.jsonl.gz", packed.data, packed.len);
	(void)snprintf(expected, sizeof(expected),
	    "0@1 {\"a\":1}\nbad 1@2 Invalid dataset row at line 2: longer than "
	    "%u bytes in dataset x.jsonl.gz\n2@3 {\"b\":2}\n",
	    LIMIT_DATASET_LINE_BYTES);
	check_file("x.jsonl.gz", NULL, expected);
	buf_free(&packed);
	free(text);
}

/* --- CSV */

static void
test_csv(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"q,input.lang,expected_output,metadata.id\n"
	     "hello,de,hallo,7\n"
	     "bye,,,\n",
		"0@2 {\"q\":\"hello\",\"lang\":\"de\"} expects \"hallo\" "
		"metadata {\"id\":\"7\"}\n"
		"1@3 {\"q\":\"bye\",\"lang\":\"\"} metadata {\"id\":\"\"}\n"},
	    {"\xef\xbb\xbf\"a\nb\",c\r\n\"x \"\"y\"\", z\r\nw\",\"\"\r\n"
	     "\r\n1,\"2\"",
		"0@3 {\"a\\nb\":\"x \\\"y\\\", z\\r\\nw\",\"c\":\"\"}\n"
		"1@6 {\"a\\nb\":\"1\",\"c\":\"2\"}\n"},
	    {"a,b,\n1,2,\n1,2\n1,2,3,4\n5 \"x\",6,\n",
		"0@2 {\"a\":\"1\",\"b\":\"2\"}\n"
		"bad 1@3 Invalid dataset row at line 3: fewer cells than the "
		"header has (3)\n"
		"bad 2@4 Invalid dataset row at line 4: more cells than the "
		"header has (3)\n"
		"3@5 {\"a\":\"5 \\\"x\\\"\",\"b\":\"6\"}\n"},
	    {"a\n\"x\"y\n\"ok\"\n\"open\n1\n",
		"bad 0@2 Invalid dataset row at line 2: text follows the end "
		"of a quoted cell\n"
		"1@3 {\"a\":\"ok\"}\n"
		"bad 2@4 Invalid dataset row at line 4: a quote is not "
		"closed\n"},
	    {"é,10,9\nü,\xff,{\n",
		"0@2 {\"9\":\"{\",\"10\":\"\xef\xbf\xbd\",\"é\":\"ü\"}\n"},
	    {"a,input.a\n1,2\n",
		"broken Dataset x.csv: two columns are named a\n"},
	    {"expected_output,metadata.x\n1,2\n",
		"broken Dataset x.csv: no column is an input\n"},
	    {"\"a\n", "broken Dataset x.csv: a quote is not closed\n"},
	    {"a,b\n",
		"broken Dataset x.csv is empty or contains no valid rows\n"},
	    {"", "broken Dataset x.csv is empty or contains no valid rows\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_file("x.csv", cases[i].text, strlen(cases[i].text));
		check_file("x.csv", NULL, cases[i].expected);
	}
}

/* --- sampling */

#define LINE(n) "{\"input\":{\"n\":" n "}}\n"
#define BOUNDS(n) "Row index " n " is out of bounds for dataset with 5 rows\n"

static void
test_sampling(void **state)
{
	static const struct {
		const char *sampling, *expected;
	} cases[] = {
	    {"{\"rows\":[4,0,2]}", "0@1 {\"n\":0}\n2@4 {\"n\":2}\n"
				   "4@6 {\"n\":4}\n"},
	    {"{\"rows\":[0]}", "0@1 {\"n\":0}\n"},
	    {"{\"rows\":[]}", ""},
	    {"{\"rows\":[7,4,5]}",
		"4@6 {\"n\":4}\nbad 5@0 " BOUNDS("5") "bad 7@0 " BOUNDS("7")},
	    {"{\"rows\":[1]}",
		"bad 1@3 " NO_JSON("3") ".jsonl: column 1: expected a "
					"value\n"},
	    {"{\"split\":{\"portion\":\"train\",\"percentage\":30}}",
		"0@1 {\"n\":0}\nbad 1@3 " NO_JSON("3") ".jsonl: column 1: "
						       "expected a value\n"},
	    {"{\"split\":{\"portion\":\"test\",\"percentage\":50}}",
		"3@5 {\"n\":3}\n4@6 {\"n\":4}\n"},
	    {"{\"sample\":50,\"seed\":42}", "3@5 {\"n\":3}\n4@6 {\"n\":4}\n"},
	};
	static const char text[] =
	    LINE("0") "\nnonsense\n" LINE("2") LINE("3") LINE("4");
	static const char csv[] = "n\n0\n\"1\n1\"\n2\n3\n4";

	(void)state;
	write_file("x.jsonl", text, strlen(text));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check_file("x.jsonl", cases[i].sampling, cases[i].expected);
	write_file("x.csv", csv, strlen(csv));
	check_file("x.csv",
	    "{\"split\":{\"portion\":\"test\",\"percentage\":50}}",
	    "3@6 {\"n\":\"3\"}\n4@7 {\"n\":\"4\"}\n");
}

/* Without a seed about as many as asked for, and not always the same. */
static void
test_unseeded(void **state)
{
	const struct dataset_conf conf = {.root = root};
	struct buf text, one, two;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	for (int i = 0; i < 4000; i++)
		buf_adds(&text, LINE("1"));
	write_file("x.jsonl", text.data, text.len);
	print_path(&conf, STR("x.jsonl"), "{\"sample\":50}", 5000, &one);
	print_path(&conf, STR("x.jsonl"), "{\"sample\":50}", 5000, &two);
	assert_string_not_equal(buf_str(&one), buf_str(&two));
	assert_true(one.len > 4000 * 4 && one.len < 4000 * 14);
	buf_free(&text);
	buf_free(&one);
	buf_free(&two);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
start(void **state)
{
	(void)state;
	engine.loop = loop_new();
	engine.store = store_new(NULL);
	return crypt_init() == 0 && mkdtemp(root) != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	loop_free(engine.loop);
	store_free(engine.store);
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_long_lines),
	    cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_sources),
	    cmocka_unit_test(test_gzip),
	    cmocka_unit_test(test_bomb),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_sampling),
	    cmocka_unit_test(test_unseeded),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
