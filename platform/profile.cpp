// SPDX-License-Identifier: Apache-2.0
//
// Samples -> table; see profile.h. Percentages are integers until they are printed.
#include "profile.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "symbols.h"

namespace vcxl
{

namespace
{

constexpr uint64_t page_size = 4096;

struct row {
	uint64_t samples;
	unsigned mode;
	std::string function, module;
};

std::pair<std::string, std::string> place_of(const symbol_table &names, uint64_t pc)
{
	char page[64];

	if (const symbol_table::entry *found = names.find(pc))
		return { found->name, names.module_of(*found) };
	std::snprintf(page, sizeof(page), "0x%" PRIx64 "-0x%" PRIx64, pc & ~(page_size - 1),
		      pc | (page_size - 1));
	return { page, "-" };
}

bool hotter(const row &a, const row &b)
{
	return std::tie(b.samples, a.mode, a.function, a.module) <
	       std::tie(a.samples, b.mode, b.function, b.module);
}

} // namespace

void profile::add(uint64_t pc, unsigned priv)
{
	samples_[priv % n_modes][pc]++;
}

std::string profile::report(const symbol_table &names) const
{
	static const char *const modes[n_modes] = { "U", "S", "H", "M" };
	std::vector<row> rows;
	uint64_t total = 0;
	char line[64];

	for (unsigned mode = 0; mode < n_modes; mode++) {
		std::map<std::pair<std::string, std::string>, uint64_t> places;

		for (const auto &[pc, n] : samples_[mode])
			places[place_of(names, pc)] += n;
		for (const auto &[place, n] : places) {
			rows.push_back({ n, mode, place.first, place.second });
			total += n;
		}
	}
	std::sort(rows.begin(), rows.end(), hotter);
	std::string text = "# " + std::to_string(total) + " samples, one per " +
			   std::to_string(interval_) +
			   " steps of a hart\n#  samples percent mode function module\n";
	for (const row &r : rows) {
		const uint64_t hundredths = (r.samples * 10000 + total / 2) / total;

		std::snprintf(line, sizeof(line), "%10" PRIu64 " %4" PRIu64 ".%02" PRIu64 " %4s ",
			      r.samples, hundredths / 100, hundredths % 100, modes[r.mode]);
		text += line + r.function + ' ' + r.module + '\n';
	}
	return text;
}

} // namespace vcxl
