using System.Net;
using Skitai.Configuration.Settings;
using Skitaid.Explaining;

namespace Skitaid.Tests.Explaining;

public sealed class ListenerChoiceTests
{
    private static readonly InstanceSettings[] Instances =
    [
        Instance("shop", "127.0.0.1", 5000),
        Instance("site", "0.0.0.0", 443, tls: true),
        Instance("six", "::", 80),
        Instance("inside", "10.0.0.1", 8080),
        Instance("outside", "192.168.0.1", 8080),
    ];

    [Theory]
    [InlineData("http://www.example.com:5000/", "shop")]
    [InlineData("http://localhost:5000/", "shop")]
    [InlineData("http://0.0.0.0:5000/", "shop")]
    [InlineData("https://www.example.com/", "site")]
    [InlineData("https://10.9.8.7/", "site")]
    [InlineData("http://[2001:db8::1]/", "six")]
    [InlineData("http://127.0.0.1/", "six")]
    [InlineData("http://10.0.0.1:8080/", "inside")]
    [InlineData("http://www.example.com:8080/", "inside outside")]
    [InlineData("localhost:443/x", "site")]
    [InlineData("/x", "shop site six inside outside")]
    [InlineData("www.example.com/x", "shop site six inside outside")]
    public void Port_address_and_scheme_choose_the_instances(string url, string names)
    {
        var choice = ListenerChoice.Of(AskedUrl.Parse(url), Instances);

        Assert.Null(choice.Problem);
        Assert.Equal(names, string.Join(' ', choice.Instances.Select(instance => instance.Name)));
    }

    [Theory]
    [InlineData("http://localhost:5001/", "nothing listens on port 5001; there is shop on http://127.0.0.1:5000, site on https://0.0.0.0:443, six on http://[::]:80, inside on http://10.0.0.1:8080, outside on http://192.168.0.1:8080")]
    [InlineData("http://192.168.0.9:5000/", "nothing listens on 192.168.0.9:5000; there is shop on http://127.0.0.1:5000")]
    [InlineData("https://[::1]/", "nothing listens on [::1]:443; there is site on https://0.0.0.0:443")]
    [InlineData("https://a.com:5000/x", "shop speaks http on port 5000, not https: a TLS handshake fails there; ask for http://a.com:5000/x")]
    [InlineData("http://a.com:443/x", "site speaks https on port 443, not http: such a request gets 400; ask for https://a.com:443/x")]
    public void Where_none_takes_it_the_person_is_told_what_there_is(string url, string problem)
    {
        var choice = ListenerChoice.Of(AskedUrl.Parse(url), Instances);

        Assert.Empty(choice.Instances);
        Assert.Equal(problem, choice.Problem);
    }

    [Fact]
    public void A_port_that_was_not_typed_is_explained()
    {
        Assert.StartsWith("nothing listens on port 80, where http goes when no port is said; there is shop",
            ListenerChoice.Of(AskedUrl.Parse("http://a.com/"), Instances[..1]).Problem, StringComparison.Ordinal);
        Assert.Equal("there is no instance: no conf in servers-enabled", ListenerChoice.Of(AskedUrl.Parse("/"), []).Problem);
    }

    private static InstanceSettings Instance(string name, string ip, int port, bool tls = false) => new()
    {
        Name = name,
        ConfPath = $"/etc/skitaid/servers-enabled/{name}.conf",
        Server = new ServerSettings { Ip = IPAddress.Parse(ip), Port = port },
        Ssl = tls ? new SslSettings { Default = new CertificateFiles("/cert.pem", "/cert.pem", null) } : null,
    };
}
