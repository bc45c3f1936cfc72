#include "gateway/api/embedded_files.h"

#include "gateway/api/schemas.h"

// The assembler puts each file's bytes into the read-only data; the build sets the paths.
#define KEYFOLD_EMBED(name, path)                                                                            \
  asm(".pushsection .rodata\n.global keyfold_" #name "_begin\n.global keyfold_" #name "_end\nkeyfold_" #name \
      "_begin:\n.incbin \"" path "\"\nkeyfold_" #name "_end:\n.byte 0\n.popsection\n");                      \
  extern "C" const char keyfold_##name##_begin[];                                                            \
  extern "C" const char keyfold_##name##_end[];

KEYFOLD_EMBED(openapi, KEYFOLD_SOURCES "/schemas/openapi.yaml")
KEYFOLD_EMBED(reference_html, KEYFOLD_SOURCES "/gateway/api/reference/page.html")
KEYFOLD_EMBED(reference_css, KEYFOLD_SOURCES "/gateway/api/reference/page.css")
KEYFOLD_EMBED(reference_js, KEYFOLD_SOURCES "/gateway/api/reference/page.js")

namespace keyfold::api {

std::string_view openapi_document() { return {keyfold_openapi_begin, keyfold_openapi_end}; }
std::string_view reference_html() { return {keyfold_reference_html_begin, keyfold_reference_html_end}; }
std::string_view reference_css() { return {keyfold_reference_css_begin, keyfold_reference_css_end}; }
std::string_view reference_js() { return {keyfold_reference_js_begin, keyfold_reference_js_end}; }

}  // namespace keyfold::api
