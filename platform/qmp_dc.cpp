// SPDX-License-Identifier: Apache-2.0
//
// See qmp_dc.h. The core checks a request whole before anything changes; here are only the checks
// of what arguments a policy has.
#include "qmp_dc.h"

#include <algorithm>
#include <string>
#include <vector>

#include "hex.h"
#include "qmp_cxl.h"

namespace vcxl
{

namespace
{

constexpr char no_device[] = "Unable to resolve CXL type 3 device";

uint64_t number(const json_t *arguments, const char *name)
{
	return static_cast<uint64_t>(json_integer_value(json_object_get(arguments, name)));
}

bool flag(const json_t *arguments, const char *name)
{
	return json_is_true(json_object_get(arguments, name));
}

// An empty list counts as none where none belongs: QEMU's clients always send one.
void expect(const json_t *arguments, const char *name, bool wanted)
{
	const json_t *const value = json_object_get(arguments, name);

	if (wanted && !value)
		throw qmp_error("Parameter '" + std::string(name) + "' is missing");
	if (!wanted && value && !(json_is_array(value) && !json_array_size(value)))
		throw qmp_error("Parameter '" + std::string(name) + "' is unexpected");
}

uuid tag_of(const json_t *arguments)
{
	const json_t *const value = json_object_get(arguments, "tag");
	uuid tag{};

	if (value && !parse_uuid(json_string_value(value), tag))
		throw qmp_error("Parameter 'tag' expects a UUID");
	return tag;
}

std::vector<vcxl_dc_range> ranges_of(const json_t *arguments)
{
	const json_t *const extents = json_object_get(arguments, "extents");
	std::vector<vcxl_dc_range> ranges;

	for (size_t i = 0; i < json_array_size(extents); i++) {
		const json_t *const extent = json_array_get(extents, i);

		ranges.push_back({ number(extent, "offset"), number(extent, "len") });
	}
	return ranges;
}

json_ptr done_or_throw(vcxl_dc_error error)
{
	if (error != VCXL_DC_OK)
		throw qmp_error(vcxl_dc_error_text(error));
	return nullptr;
}

json_ptr json_number(uint64_t value)
{
	return json_ptr(json_integer(static_cast<json_int_t>(value)));
}

// json_object_set_new(), but reads as the line it makes
void put(const json_ptr &object, const char *name, json_ptr value)
{
	json_object_set_new(object.get(), name, value.release());
}

void put(const json_ptr &object, const char *name, bool value)
{
	json_object_set_new(object.get(), name, json_boolean(value));
}

void put(const json_ptr &object, const char *name, const std::string &value)
{
	json_object_set_new(object.get(), name, json_string(value.c_str()));
}

json_ptr describe(const vcxl_dc_region_info &region)
{
	json_ptr object(json_object());

	put(object, "base", json_number(region.base));
	put(object, "length", json_number(region.len));
	put(object, "decode-length", json_number(region.decode_len));
	put(object, "block-size", json_number(region.block_size));
	put(object, "persistent", region.persistent);
	put(object, "shareable", region.shareable);
	put(object, "sanitize-on-release", region.sanitize);
	return object;
}

json_ptr describe(const vcxl_memdev *md, const vcxl_dc_extent &extent)
{
	vcxl_dc_region_info region{};
	uuid tag;
	json_ptr object(json_object());

	vcxl_dc_region_at(md, extent.region, &region);
	std::copy(std::begin(extent.tag), std::end(extent.tag), tag.begin());
	put(object, "region", json_number(extent.region));
	put(object, "offset", json_number(extent.dpa - region.base));
	put(object, "len", json_number(extent.len));
	put(object, "state", std::string(extent.accepted ? "accepted" : "pending"));
	if (tag != uuid{})
		put(object, "tag", format_uuid(tag));
	put(object, "sequence", json_number(extent.sequence));
	put(object, "offer", json_number(extent.offer));
	return object;
}

} // namespace

json_ptr add_capacity(qmp_host &host, const json_t *arguments)
{
	vcxl_memdev *const md = find_memdev(host, arguments, no_device);
	const std::vector<vcxl_dc_range> ranges = ranges_of(arguments);
	const uuid tag = tag_of(arguments);
	vcxl_dc_add_request request{};

	request.selection = static_cast<vcxl_dc_selection>(
		qmp_chosen(selection_policies, json_object_get(arguments, "selection-policy")));
	const bool prescribed = request.selection == VCXL_DC_SELECT_PRESCRIPTIVE;
	const bool shared = request.selection == VCXL_DC_SELECT_SHARED;
	expect(arguments, "extents", prescribed);
	expect(arguments, "length", !prescribed && !shared);
	if (shared)
		expect(arguments, "tag", true);
	request.host = static_cast<uint16_t>(number(arguments, "host-id"));
	request.region = static_cast<uint8_t>(number(arguments, "region"));
	std::copy(tag.begin(), tag.end(), request.tag);
	request.len = number(arguments, "length");
	request.ranges = ranges.data();
	request.n_ranges = static_cast<unsigned>(ranges.size());
	return done_or_throw(vcxl_dc_add(md, &request));
}

json_ptr release_capacity(qmp_host &host, const json_t *arguments)
{
	vcxl_memdev *const md = find_memdev(host, arguments, no_device);
	const std::vector<vcxl_dc_range> ranges = ranges_of(arguments);
	const uuid tag = tag_of(arguments);
	vcxl_dc_release_request request{};

	request.removal = static_cast<vcxl_dc_removal>(
		qmp_chosen(removal_policies, json_object_get(arguments, "removal-policy")));
	const bool prescribed = request.removal == VCXL_DC_REMOVE_PRESCRIPTIVE;
	expect(arguments, "extents", prescribed);
	if (!prescribed)
		expect(arguments, "tag", true);
	request.host = static_cast<uint16_t>(number(arguments, "host-id"));
	request.region = static_cast<uint8_t>(number(arguments, "region"));
	request.forced = flag(arguments, "forced-removal");
	request.sanitize = flag(arguments, "sanitize-on-release");
	std::copy(tag.begin(), tag.end(), request.tag);
	request.ranges = ranges.data();
	request.n_ranges = static_cast<unsigned>(ranges.size());
	return done_or_throw(vcxl_dc_release(md, &request));
}

json_ptr release_capacity_status(qmp_host &host, const json_t *arguments)
{
	vcxl_memdev *const md = find_memdev(host, arguments, no_device);
	const uuid tag = tag_of(arguments);
	bool released = false;
	json_ptr reply(json_object());

	done_or_throw(vcxl_dc_release_status(
		md, static_cast<uint16_t>(number(arguments, "host-id")),
		static_cast<uint8_t>(number(arguments, "region")), tag.data(), &released));
	put(reply, "status", std::string(released ? "Released" : "Not Released"));
	put(reply, "message",
	    (released ? "the host has no extent with tag " : "the host has extents with tag ") +
		    format_uuid(tag));
	return reply;
}

json_ptr fm_command(qmp_host &host, const json_t *arguments)
{
	vcxl_memdev *const md = find_memdev(host, arguments, no_device);
	const json_t *const payload = json_object_get(arguments, "payload");
	std::vector<uint8_t> in, out(max_fm_payload);
	uint32_t len = 0;
	json_ptr reply(json_object());

	if (payload && !from_hex(json_string_value(payload), in))
		throw qmp_error("Parameter 'payload' expects hexadecimal digits, two for a byte");
	const cxl_rc rc = vcxl_memdev_fm_command(
		md, static_cast<uint16_t>(number(arguments, "opcode")), in.data(),
		static_cast<uint32_t>(in.size()), out.data(), max_fm_payload, &len);
	put(reply, "return-code", json_number(rc));
	put(reply, "payload", to_hex(out.data(), len));
	return reply;
}

json_ptr query_capacity(qmp_host &host, const json_t *arguments)
{
	const vcxl_memdev *const md = find_memdev(host, arguments, no_device);
	json_ptr reply(json_object()), regions(json_array()), extents(json_array());
	vcxl_dc_region_info region;
	vcxl_dc_extent extent;

	for (unsigned i = 0; vcxl_dc_region_at(md, i, &region); i++)
		json_array_append_new(regions.get(), describe(region).release());
	for (unsigned i = 0; vcxl_dc_extent_at(md, i, &extent); i++)
		json_array_append_new(extents.get(), describe(md, extent).release());
	put(reply, "generation", json_number(vcxl_dc_generation(md)));
	put(reply, "regions", std::move(regions));
	put(reply, "extents", std::move(extents));
	return reply;
}

} // namespace vcxl
