// SPDX-License-Identifier: Apache-2.0
//
// QEMU Machine Protocol; see qmp_session.h.
#include "qmp_session.h"

#include <cstring>

namespace vcxl
{

namespace
{

constexpr size_t max_message = 1 << 20;
constexpr unsigned max_depth = 1024;
constexpr char negotiation[] = "qmp_capabilities";
constexpr char not_found[] = "CommandNotFound";

struct type_row {
	qmp_type type;
	const char *name; // as QEMU calls what was expected
	bool (*holds)(const json_t *value);
	const char *range_name = nullptr; // and what is out of its range
	json_int_t min = 0, max = 0;
};

bool is_integer(const json_t *v)
{
	return json_is_integer(v);
}

bool is_string(const json_t *v)
{
	return json_is_string(v);
}

/* clang-format off */
constexpr type_row types[] = {
	{ qmp_type::string,  "string",  is_string },
	{ qmp_type::integer, "integer", is_integer },
	{ qmp_type::number,  "number",  [](const json_t *v) { return json_is_number(v); } },
	{ qmp_type::boolean, "boolean", [](const json_t *v) { return json_is_boolean(v); } },
	{ qmp_type::object,  "object",  [](const json_t *v) { return json_is_object(v); } },
	{ qmp_type::array,   "array",   [](const json_t *v) { return json_is_array(v); } },
	{ qmp_type::uint8,   "integer", is_integer, "uint8_t",  0, UINT8_MAX },
	{ qmp_type::int16,   "integer", is_integer, "int16_t",  INT16_MIN, INT16_MAX },
	{ qmp_type::uint16,  "integer", is_integer, "uint16_t", 0, UINT16_MAX },
	{ qmp_type::uint32,  "integer", is_integer, "uint32_t", 0, UINT32_MAX },
	{ qmp_type::uint64,  "integer", is_integer },
	{ qmp_type::choice,  "string",  is_string },
};
/* clang-format on */

const type_row &row_of(qmp_type type)
{
	for (const type_row &row : types)
		if (row.type == type)
			return row;
	return types[0];
}

void check(const table<qmp_argument> &rows, bool others, const json_t *arguments,
	   const std::string &prefix);

void check_range(const qmp_argument &row, const json_t *value, const std::string &name)
{
	const type_row &type = row_of(row.type);
	const json_int_t number = json_integer_value(value);

	if (type.range_name && (number < type.min || number > type.max))
		throw qmp_error("Parameter '" + name + "' expects " + type.range_name);
	if (row.max && json_is_integer(value) && static_cast<uint64_t>(number) > row.max)
		throw qmp_error("Parameter '" + name + "' expects at most " +
				std::to_string(row.max));
	if (row.max && json_string_length(value) > row.max)
		throw qmp_error("Parameter '" + name + "' expects at most " +
				std::to_string(row.max) + " bytes");
	if (row.max && json_array_size(value) > row.max)
		throw qmp_error("Parameter '" + name + "' expects at most " +
				std::to_string(row.max) + " elements");
}

void check_choice(const qmp_argument &row, const json_t *value, const std::string &name)
{
	for (const qmp_choice &c : row.choices)
		if (!std::strcmp(c.name, json_string_value(value)))
			return;
	throw qmp_error("Parameter '" + name + "' does not accept value '" +
			json_string_value(value) + "'");
}

void check_value(const qmp_argument &row, const json_t *value, const std::string &name)
{
	if (!row_of(row.type).holds(value))
		throw qmp_error("Invalid parameter type for '" + name +
				"', expected: " + row_of(row.type).name);
	check_range(row, value, name);
	if (row.type == qmp_type::choice)
		check_choice(row, value, name);
	if (row.members.count)
		check(row.members, false, value, name + ".");
	for (size_t i = 0; row.element && i < json_array_size(value); i++)
		check_value(*row.element, json_array_get(value, i),
			    name + "[" + std::to_string(i) + "]");
}

// Throws when a value is missing, of another type, out of range or unknown.
void check(const table<qmp_argument> &rows, bool others, const json_t *arguments,
	   const std::string &prefix)
{
	size_t known = 0;

	for (const qmp_argument &row : rows) {
		const json_t *value = json_object_get(arguments, row.name);

		if (!value && !row.optional)
			throw qmp_error("Parameter '" + prefix + row.name + "' is missing");
		if (value)
			check_value(row, value, prefix + row.name);
		known += value != nullptr;
	}
	if (others || known == json_object_size(arguments))
		return;
	const char *key;
	json_t *value;

	json_object_foreach(const_cast<json_t *>(arguments), key, value)
	{
		bool found = false;

		for (const qmp_argument &row : rows)
			found = found || !std::strcmp(row.name, key);
		if (!found)
			throw qmp_error("Parameter '" + prefix + key + "' is unexpected");
	}
}

// The members of a request: throws when it is none.
void check_request(json_t *request)
{
	const char *key;
	json_t *value;

	if (!json_is_object(request))
		throw qmp_error("QMP input must be a JSON object");
	json_object_foreach(request, key, value)
	{
		const std::string member = key;

		if (member == "execute" && !json_is_string(value))
			throw qmp_error("QMP input member 'execute' must be a string");
		if (member == "arguments" && !json_is_object(value))
			throw qmp_error("QMP input member 'arguments' must be an object");
		if (member != "execute" && member != "arguments" && member != "id")
			throw qmp_error("QMP input member '" + member + "' is unexpected");
	}
	if (!json_object_get(request, "execute"))
		throw qmp_error("QMP input lacks member 'execute'");
}

// jansson quotes the input, and may cut it inside a character.
std::string ascii(std::string text)
{
	for (char &c : text)
		if (static_cast<unsigned char>(c) >= 0x80)
			c = '?';
	return text;
}

bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

const char *qmp_type_name(qmp_type type)
{
	const type_row &row = row_of(type);

	return row.range_name ? row.range_name : row.name;
}

int qmp_chosen(const table<qmp_choice> &choices, const json_t *value)
{
	for (const qmp_choice &c : choices)
		if (!std::strcmp(c.name, json_string_value(value)))
			return c.value;
	return 0;
}

qmp_session::qmp_session(table<qmp_command> commands, qmp_host &host, std::string greeting,
			 std::function<void(const std::string &)> send)
    : commands_(commands), host_(host), greeting_(std::move(greeting)), send_(std::move(send))
{
}

void qmp_session::begin()
{
	end();
	connected_ = true;
	send_(greeting_ + "\r\n");
}

void qmp_session::end()
{
	connected_ = negotiated_ = skipping_ = false;
	forget();
}

void qmp_session::send(json_ptr message)
{
	const std::unique_ptr<char, decltype(&free)> text(json_dumps(message.get(), JSON_COMPACT),
							  free);

	if (connected_ && text)
		send_(std::string(text.get()) + "\r\n");
}

void qmp_session::event(const char *name, uint64_t time_ps, json_ptr data)
{
	const json_int_t us = static_cast<json_int_t>(time_ps / 1'000'000);
	json_ptr message(json_pack("{s:{s:I,s:I},s:s}", "timestamp", "seconds", us / 1'000'000,
				   "microseconds", us % 1'000'000, "event", name));

	if (data)
		json_object_set(message.get(), "data", data.get());
	if (negotiated_)
		send(std::move(message));
}

void qmp_session::send_error(const qmp_error &error, json_t *id)
{
	// what() may quote the client's own bytes, all of which jansson has accepted
	json_ptr reply(json_pack("{s:{s:s,s:s}}", "error", "class", error.class_name, "desc",
				 error.what()));

	if (id)
		json_object_set(reply.get(), "id", id);
	send(std::move(reply));
}

// ---- framing ----

void qmp_session::feed(const std::string &bytes)
{
	for (const char c : bytes)
		if (connected_)
			put(c);
}

void qmp_session::forget()
{
	message_.clear();
	message_.shrink_to_fit();
	depth_ = 0;
	in_string_ = escaped_ = false;
}

void qmp_session::give_up(const std::string &why)
{
	forget();
	send_error(qmp_error(why), nullptr);
}

void qmp_session::put(char c)
{
	if (skipping_)
		skipping_ = c != '\n';
	else if (message_.empty())
		start_message(c);
	else
		continue_message(c);
}

void qmp_session::start_message(char c)
{
	if (is_space(c))
		return;
	if (c == '{' || c == '[') {
		message_ = c;
		depth_ = 1;
		return;
	}
	skipping_ = true;
	give_up("JSON parse error, expecting value");
}

void qmp_session::continue_message(char c)
{
	message_ += c;
	if (in_string_) {
		if (c ==
		    '\n') // no string goes on behind a line, so that this is where to begin anew
			return give_up("JSON parse error, stray '\"'");
		in_string_ = escaped_ || c != '"';
		escaped_ = !escaped_ && c == '\\';
	} else if (c == '"') {
		in_string_ = true;
	} else if (c == '{' || c == '[') {
		depth_++;
	} else if (c == '}' || c == ']') {
		if (--depth_ == 0)
			return take_message();
	}
	if (depth_ <= max_depth && message_.size() < max_message)
		return;
	skipping_ = c != '\n';
	give_up(depth_ > max_depth ? "JSON nesting depth limit exceeded"
				   : "JSON token size limit exceeded");
}

// ---- requests ----

void qmp_session::take_message()
{
	json_error_t where;
	const json_ptr request(
		json_loadb(message_.data(), message_.size(), JSON_REJECT_DUPLICATES, &where));

	forget();
	if (request)
		execute(request.get());
	else
		send_error(qmp_error(ascii(std::string("JSON parse error, ") + where.text)),
			   nullptr);
}

const qmp_command &qmp_session::find(const std::string &name) const
{
	if (negotiated_ && name == negotiation)
		throw qmp_error("Capabilities negotiation is already complete, command ignored",
				not_found);
	if (!negotiated_ && name != negotiation)
		throw qmp_error("Expecting capabilities negotiation with 'qmp_capabilities'",
				not_found);
	for (const qmp_command &row : commands_)
		if (name == row.name)
			return row;
	throw qmp_error("The command " + name + " has not been found", not_found);
}

void qmp_session::execute(json_t *request)
{
	json_t *const id = json_object_get(request, "id");

	try {
		check_request(request);
		const json_ptr nothing(json_object());
		const json_t *given = json_object_get(request, "arguments");
		const json_t *arguments = given ? given : nothing.get();
		const qmp_command &row =
			find(json_string_value(json_object_get(request, "execute")));

		check(row.arguments, row.others != nullptr, arguments, "");
		json_ptr result = row.run(host_, arguments);
		json_ptr reply(json_object());

		negotiated_ = true;
		json_object_set_new(reply.get(), "return",
				    result ? result.release() : json_object());
		if (id)
			json_object_set(reply.get(), "id", id);
		send(std::move(reply));
	} catch (const qmp_error &error) {
		send_error(error, id);
	}
}

} // namespace vcxl
