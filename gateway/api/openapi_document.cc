#include "gateway/api/schemas.h"

// The assembler puts the file's bytes into the read-only data; KEYFOLD_OPENAPI_FILE is its path, set by the build.
asm(".pushsection .rodata\n"
    ".global keyfold_openapi_begin\n"
    ".global keyfold_openapi_end\n"
    "keyfold_openapi_begin:\n"
    ".incbin \"" KEYFOLD_OPENAPI_FILE
    "\"\n"
    "keyfold_openapi_end:\n"
    ".byte 0\n"
    ".popsection\n");

extern "C" {
extern const char keyfold_openapi_begin[];
extern const char keyfold_openapi_end[];
}

namespace keyfold::api {

std::string_view openapi_document() { return {keyfold_openapi_begin, keyfold_openapi_end}; }

}  // namespace keyfold::api
