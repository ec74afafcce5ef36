// SPDX-License-Identifier: Apache-2.0
//
// What windows, ports and devices contribute to cxl_dmi_extension. A hop that interleaves asks
// every target of its set and puts the answers together; nothing is taken for granted about how
// software programmed them. CXL r3.1 9.13.
#ifndef VCXL_MODEL_INTERLEAVED_DMI_H
#define VCXL_MODEL_INTERLEAVED_DMI_H

#include <vector>

#include <vcxl/memdev.h>
#include <vcxl/tlm/dmi_extension.h>

#include "tlm_util.h"

namespace vcxl
{

// Takes the extension off a request for the time of the object: a hop that asks each of its targets
// by itself does not want the one of the request's address to answer for all.
class detached_dmi_extension
{
public:
	explicit detached_dmi_extension(payload &trans);
	~detached_dmi_extension();
	detached_dmi_extension(const detached_dmi_extension &) = delete;
	detached_dmi_extension &operator=(const detached_dmi_extension &) = delete;
	cxl_dmi_extension *get() const { return extension_; }

private:
	payload &trans_;
	cxl_dmi_extension *extension_;
};

// The contribution of a device: the whole decoder around hpa.
void describe_decoder(const vcxl_memdev *md, uint64_t hpa, cxl_dmi_extension &out);

// Leaves of the answer what lies in `range`.
void narrow(cxl_dmi_extension &out, const dmi_range &range);

// The answer of a hop that interleaves, from that of each of its targets in order of position.
// Denied unless all of them were granted and advance by the same stride; the range is that of all.
void compose(const vcxl_interleave &interleave, std::vector<cxl_dmi_extension> targets,
	     cxl_dmi_extension &out);

// Denies a map that shows the same host memory twice. Only for the top of the hierarchy: further
// down, maps answer for granules that are never sent there.
void deny_aliases(cxl_dmi_extension &out);

// Asks every target by as many granules from `start` on: ask(payload &, tlm_dmi &) sends a DMI
// request to whoever its address goes to.
template <class Ask>
void ask_targets_from(const vcxl_interleave &interleave, uint64_t start, cxl_dmi_extension &out,
		      Ask ask)
{
	std::vector<cxl_dmi_extension> answers(vcxl_interleave_ways(interleave));

	out.deny();
	for (size_t i = 0; i < answers.size(); i++) {
		const uint64_t address = start + i * vcxl_interleave_granularity(interleave);
		cxl_dmi_extension &answer = answers[vcxl_interleave_position(interleave, address)];
		payload request;
		tlm::tlm_dmi dmi;

		request.set_address(address);
		request.set_read();
		request.set_extension(&answer);
		ask(request, dmi);
		request.clear_extension(&answer);
		if (!answer.granted)
			return;
	}
	compose(interleave, std::move(answers), out);
}

// The answer around hpa. It lies in `range`, in which the interleave holds.
template <class Ask>
void ask_all_targets(const vcxl_interleave &interleave, const dmi_range &range, uint64_t hpa,
		     cxl_dmi_extension &out, Ask ask)
{
	const uint64_t set =
		vcxl_interleave_granularity(interleave) * vcxl_interleave_ways(interleave);

	// near hpa, because poison elsewhere divides what a device grants
	ask_targets_from(interleave, hpa / set * set, out, ask);
	// a set of 3 x n ways may begin below the decoder; none begins or ends inside a block
	if (!out.granted || hpa < out.first || hpa > out.last)
		ask_targets_from(interleave, hpa & ~(VCXL_HDM_ALIGN - 1), out, ask);
	narrow(out, range);
}

} // namespace vcxl

#endif
