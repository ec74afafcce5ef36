// SPDX-License-Identifier: Apache-2.0
//
// -chardev in the words of -serial and -qmp, which the rest of the program understands.
#include "option_parse.h"
#include "option_value.h"

namespace vcxl
{

namespace
{

std::string on_off(const item &chardev, const std::string &name)
{
	return "," + name + (chardev.number(name) ? "=on" : "=off");
}

std::string socket_text(const item &chardev)
{
	const bool local = chardev.given("path");
	const std::string path = chardev.text("path"), host = chardev.text("host");
	if (local == chardev.given("port") || (local && chardev.given("host")))
		fail(chardev.arg, "needs either 'path' or 'port'");
	if (path.find(',') != std::string::npos || host.find(',') != std::string::npos)
		fail(chardev.arg, std::string("a comma in a name is ") + not_supported_yet);
	const std::string where =
		local ? "unix:" + path
		      : "tcp:" + host + ":" + std::to_string(chardev.number("port"));
	return where + on_off(chardev, "server") + on_off(chardev, "wait");
}

std::string stdio_text(const item &chardev)
{
	const bool mux = chardev.number("mux") != 0, signals = chardev.number("signal") != 0;
	if (mux == signals)
		fail(chardev.arg, "property 'signal': is off with mux=on, and on without");
	return mux ? "mon:stdio" : "stdio";
}

struct chardev_row {
	const char *type;
	std::string (*text)(const item &chardev);
};

constexpr chardev_row rows[] = {
	{ "socket", socket_text },
	{ "file", [](const item &chardev) { return "file:" + chardev.text("path"); } },
	{ "stdio", stdio_text },
	{ "null", [](const item &) { return std::string("null"); } },
};

} // namespace

std::string chardev_text(const item &chardev)
{
	for (const chardev_row &row : rows)
		if (std::string(row.type) == chardev.type->name)
			return row.text(chardev);
	fail(chardev.arg, not_supported_yet); // a row of the table that has none here
}

} // namespace vcxl
