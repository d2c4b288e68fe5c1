package pypi

import (
	"encoding/xml"
	"net/http"

	"entrepot/format"
)

// noCalls is shown by pip search.
const noCalls = "Searching is not supported here, as on most indexes. Use `pip index versions NAME`, or " +
	"`aws codeartifact list-packages --format pypi` to see which packages the repository holds."

// fault is an answer of XML-RPC that says why there is none.
type fault struct {
	XMLName xml.Name      `xml:"methodResponse"`
	Members []faultMember `xml:"fault>value>struct>member"`
}

type faultMember struct {
	Name string `xml:"name"`
	Int  *int   `xml:"value>int"`
	Text string `xml:"value>string,omitempty"`
}

// refuseCall answers a call of XML-RPC. pip shows the sentence of a fault, and a trace of its own code for anything else.
func refuseCall(w http.ResponseWriter, r *http.Request, s format.Shelf) error {
	if err := s.Access(r.Context()); err != nil {
		return err
	}
	code := -32601 // the method does not exist, as XML-RPC servers have agreed
	body, err := xml.Marshal(fault{Members: []faultMember{{Name: "faultCode", Int: &code}, {Name: "faultString", Text: noCalls}}})
	if err != nil {
		return err
	}
	return format.ServeAnswer(w, r, format.Answer{ContentType: "text/xml; charset=utf-8", Body: append([]byte(xml.Header), body...)})
}
