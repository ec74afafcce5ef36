// SPDX-License-Identifier: Apache-2.0
//
// What a machine consists of while it runs: the objects and devices of the command line, and those
// that a monitor adds and takes away. A change is checked by the rules of the command line, as if
// all that is there stood on it. No SystemC, opens nothing.
#ifndef VCXL_PLATFORM_INVENTORY_H
#define VCXL_PLATFORM_INVENTORY_H

#include <string>
#include <vector>

#include "option_parse.h"

namespace vcxl
{

class inventory
{
public:
	explicit inventory(command_line line); // checked by build_machine()

	const machine &now() const { return now_; }
	const backend *find_object(const std::string &id) const;
	const node *find_device(const std::string &id) const;

	// The pairs are those of -object and -device. Throw option_error, and nothing has changed.
	const backend &add_object(const std::vector<key_value> &pairs);
	const node &add_device(const std::vector<key_value> &pairs);
	// Of something that is there and that nothing uses; never fail.
	void remove_object(const std::string &id);
	void remove_device(const std::string &id);

private:
	void become(command_line line);

	command_line line_;
	machine now_;
};

} // namespace vcxl

#endif
