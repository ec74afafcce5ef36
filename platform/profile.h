// SPDX-License-Identifier: Apache-2.0
//
// Profile of the guest by samples of simulated steps: the same run gives the same profile, to the
// byte.
#ifndef VCXL_PLATFORM_PROFILE_H
#define VCXL_PLATFORM_PROFILE_H

#include <cstdint>
#include <string>
#include <unordered_map>

namespace vcxl
{

class symbol_table;

class profile
{
public:
	// A sample stands for `interval` steps of a hart, at least 1.
	explicit profile(uint64_t interval) : interval_(interval) {}

	uint64_t interval() const { return interval_; }
	// priv: 0 U, 1 S, 3 M
	void add(uint64_t pc, unsigned priv);
	// A line per function and mode, the hottest first; code without a name by page.
	std::string report(const symbol_table &names) const;

private:
	static constexpr unsigned n_modes = 4;
	uint64_t interval_;
	std::unordered_map<uint64_t, uint64_t> samples_[n_modes]; // by pc
};

} // namespace vcxl

#endif
