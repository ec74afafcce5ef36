// SPDX-License-Identifier: Apache-2.0
//
// query-cxl: the CXL hierarchy as it stands, as one document. Windows, ports and devices are in the
// order of the command line, parents first; asking changes nothing.
#include "qmp_query.h"

#include <cstdio>

#include <vcxl/le.h>
#include <vcxl/memdev.h>
#include <vcxl/port.h>

#include "hex.h"
#include "machine.h"

namespace vcxl
{

namespace
{

json_t *number(uint64_t value)
{
	return json_integer(static_cast<json_int_t>(value));
}

// json_object_set_new(), but reads as the line it makes
void put(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

const char *type_of(node_kind kind)
{
	switch (kind) {
	case node_kind::host_bridge:
		return "pxb-cxl";
	case node_kind::root_port:
		return "cxl-rp";
	case node_kind::upstream_port:
		return "cxl-upstream";
	case node_kind::downstream_port:
		return "cxl-downstream";
	case node_kind::memdev:
		return "cxl-type3";
	}
	return "";
}

// Decoders that are committed, or were refused.
json_t *decoders(const vcxl_hdm *hdm)
{
	json_t *const list = json_array();

	for (unsigned i = 0; hdm && i < hdm->config.n_decoders; i++) {
		const vcxl_decoder &d = hdm->decoders[i];
		json_t *const one = json_object();

		if (d.state == VCXL_DECODER_OFF) {
			json_decref(one);
			continue;
		}
		put(one, "index", number(i));
		put(one, "committed", json_boolean(d.state == VCXL_DECODER_COMMITTED));
		json_array_append_new(list, one);
		if (d.state != VCXL_DECODER_COMMITTED)
			continue;
		const unsigned ways = vcxl_interleave_ways(d.interleave);

		put(one, "locked", json_boolean(d.locked));
		put(one, "base", number(d.hpa_base));
		put(one, "size", number(d.size));
		put(one, "ways", number(ways));
		put(one, "granularity", number(vcxl_interleave_granularity(d.interleave)));
		if (hdm->config.endpoint) {
			put(one, "dpa", number(d.dpa_base));
			put(one, "dpa-skip", number(d.skip));
			continue;
		}
		json_t *const targets = json_array();

		for (unsigned way = 0; way < ways; way++)
			json_array_append_new(targets, number(d.targets[way]));
		put(one, "targets", targets);
	}
	return list;
}

json_t *records(const vcxl_memdev *md, vcxl_event_log log, unsigned n)
{
	json_t *const list = json_array();

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *const bytes = vcxl_event_bytes(md, log, i);
		json_t *const one = json_object();

		put(one, "uuid", json_string(to_hex(bytes, 16).c_str()));
		put(one, "flags", number(vcxl_load_le(bytes + 0x11, 3)));
		put(one, "handle", number(vcxl_load_le(bytes + 0x14, 2)));
		put(one, "timestamp", number(vcxl_load_le(bytes + 0x18, 8)));
		put(one, "data", json_string(to_hex(bytes + 0x30, 0x50).c_str()));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *event_logs(const vcxl_memdev *md)
{
	static const char *const names[] = { "informational", "warning", "failure", "fatal",
					     "dynamic-capacity" };
	json_t *const logs = json_array();

	for (unsigned i = 0; i < VCXL_N_EVENT_LOGS; i++) {
		const vcxl_event_log log = static_cast<vcxl_event_log>(i);
		vcxl_event_log_state state;
		json_t *one;

		if (!vcxl_event_get_log(md, log, &state))
			continue;
		one = json_object();
		put(one, "log", json_string(names[i]));
		put(one, "overflow", number(state.overflow_count));
		put(one, "records", records(md, log, state.n_records));
		json_array_append_new(logs, one);
	}
	return logs;
}

const char *source_name(vcxl_poison_source source)
{
	switch (source) {
	case VCXL_POISON_EXTERNAL:
		return "external";
	case VCXL_POISON_INTERNAL:
		return "internal";
	case VCXL_POISON_INJECTED:
		return "injected";
	case VCXL_POISON_VENDOR:
		return "vendor";
	case VCXL_POISON_UNKNOWN:
		break;
	}
	return "unknown";
}

json_t *poison(const vcxl_memdev *md)
{
	json_t *const list = json_array();
	vcxl_poison_entry entry;

	for (unsigned i = 0; vcxl_memdev_poison_entry(md, i, &entry); i++) {
		json_t *const one = json_object();

		put(one, "start", number(entry.dpa));
		put(one, "length", number(entry.len));
		put(one, "source", json_string(source_name(entry.source)));
		put(one, "listed", json_boolean(entry.listed));
		json_array_append_new(list, one);
	}
	return list;
}

void put_memdev(json_t *object, const machine &m, const node &n, const vcxl_memdev *md)
{
	const vcxl_hdm *const hdm = vcxl_memdev_hdm(md);

	put(object, "serial", number(n.serial));
	put(object, "volatile", number(hdm->partitions[VCXL_PARTITION_VOLATILE].size));
	put(object, "persistent", number(hdm->partitions[VCXL_PARTITION_PERSISTENT].size));
	put(object, "lsa", number(n.lsa == none ? 0 : m.backends[static_cast<size_t>(n.lsa)].size));
	put(object, "decoders", decoders(hdm));
	put(object, "event-logs", event_logs(md));
	put(object, "poison", poison(md));
}

// As lspci writes it: what the function has learnt from its configuration requests.
std::string bdf(const vcxl_pci *pci)
{
	const unsigned id = pci->requester_id;
	char text[16];

	snprintf(text, sizeof(text), "%02x:%02x.%x", id >> 8, id >> 3 & 0x1f, id & 7);
	return text;
}

json_t *describe(qmp_host &host, size_t index)
{
	const machine &m = host.description();
	const node &n = m.nodes[index];
	json_t *const object = json_object();

	put(object, "id", json_string(n.id.c_str()));
	put(object, "type", json_string(type_of(n.kind)));
	if (n.parent != none)
		put(object, "parent",
		    json_string(m.nodes[static_cast<size_t>(n.parent)].id.c_str()));
	if (n.kind == node_kind::memdev) {
		vcxl_memdev *const md = host.memdev(index);

		put(object, "address", json_string(bdf(vcxl_memdev_pci(md)).c_str()));
		put_memdev(object, m, n, md);
		return object;
	}
	vcxl_port *const port = host.port(index);

	if (n.kind == node_kind::host_bridge)
		put(object, "bus", number(n.bus_nr));
	else
		put(object, "address", json_string(bdf(vcxl_port_pci(port)).c_str()));
	if (n.kind == node_kind::root_port || n.kind == node_kind::downstream_port)
		put(object, "port", number(n.port_number));
	if (vcxl_port_hdm(port))
		put(object, "decoders", decoders(vcxl_port_hdm(port)));
	return object;
}

json_t *describe(const machine &m, const window &w)
{
	json_t *const object = json_object(), *const targets = json_array();

	for (const int target : w.targets)
		json_array_append_new(targets,
				      json_string(m.nodes[static_cast<size_t>(target)].id.c_str()));
	put(object, "base", number(w.base));
	put(object, "size", number(w.size));
	put(object, "granularity", number(w.granularity));
	put(object, "arithmetic", json_string(w.xor_arithmetic ? "xor" : "modulo"));
	put(object, "targets", targets);
	return object;
}

} // namespace

json_ptr query_cxl(qmp_host &host, const json_t *)
{
	const machine &m = host.description();
	json_t *const windows = json_array(), *const components = json_array();

	for (const window &w : m.windows)
		json_array_append_new(windows, describe(m, w));
	for (size_t i = 0; i < m.nodes.size(); i++)
		json_array_append_new(components, describe(host, i));
	return json_ptr(json_pack("{s:o,s:o}", "windows", windows, "components", components));
}

} // namespace vcxl
