// SPDX-License-Identifier: Apache-2.0
//
// See hex.h.
#include "hex.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vcxl
{

namespace
{

constexpr char digits[] = "0123456789abcdef";
constexpr size_t hyphens[] = { 8, 13, 18, 23 };

} // namespace

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string to_hex(const uint8_t *bytes, size_t n)
{
	std::string text;

	for (size_t i = 0; i < n; i++) {
		text += digits[bytes[i] / 16];
		text += digits[bytes[i] % 16];
	}
	return text;
}

std::string to_hex(const std::string &bytes)
{
	return to_hex(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
}

bool from_hex(const std::string &text, std::vector<uint8_t> &out)
{
	std::vector<uint8_t> bytes;

	if (text.size() % 2)
		return false;
	for (size_t i = 0; i < text.size(); i += 2) {
		const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes.push_back(static_cast<uint8_t>(high << 4 | low));
	}
	out = std::move(bytes);
	return true;
}

bool from_hex(const std::string &text, std::string &out)
{
	std::vector<uint8_t> bytes;

	if (!from_hex(text, bytes))
		return false;
	out.assign(bytes.begin(), bytes.end());
	return true;
}

std::string format_uuid(const uuid &bytes)
{
	std::string text = to_hex(bytes.data(), bytes.size());

	for (const size_t at : hyphens)
		text.insert(at, 1, '-');
	return text;
}

bool parse_uuid(const std::string &text, uuid &out)
{
	std::string rest = text;
	std::vector<uint8_t> bytes;

	for (size_t i = std::size(hyphens); i-- > 0;) {
		if (rest.size() <= hyphens[i] || rest[hyphens[i]] != '-')
			return false;
		rest.erase(hyphens[i], 1);
	}
	if (!from_hex(rest, bytes) || bytes.size() != out.size())
		return false;
	std::copy(bytes.begin(), bytes.end(), out.begin());
	return true;
}

} // namespace vcxl
