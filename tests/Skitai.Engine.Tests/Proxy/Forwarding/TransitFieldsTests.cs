using Microsoft.Extensions.Primitives;
using Skitai.Engine.Proxy.Forwarding;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

public sealed class TransitFieldsTests
{
    [Theory]
    [InlineData("Connection")]
    [InlineData("keep-alive")]
    [InlineData("TE")]
    [InlineData("Trailer")]
    [InlineData("Transfer-Encoding")]
    [InlineData("Upgrade")]
    [InlineData("Proxy-Authorization")]
    [InlineData("Proxy")]
    [InlineData("HTTP2-Settings")]
    [InlineData(":authority")]
    [InlineData("Host")]
    [InlineData("Content-Length")]
    [InlineData("Expect")]
    public void Fields_of_one_connection_end_here(string name) => Assert.True(TransitFields.EndsHere(name));

    [Theory]
    [InlineData("Accept")]
    [InlineData("Trailers")]
    [InlineData("X-Host")]
    [InlineData("Authorization")]
    [InlineData("Content-Type")]
    public void Others_do_not(string name) => Assert.False(TransitFields.EndsHere(name));

    [Theory]
    [InlineData("X-Forwarded-For")]
    [InlineData("x_forwarded_for")]
    [InlineData("X-Forwarded_Proto")]
    [InlineData("X-FORWARDED-PREFIX")]
    [InlineData("Forwarded")]
    [InlineData("x-real_ip")]
    [InlineData("X_Gtxn_Id")]
    [InlineData("X-Ltxn-Id")]
    public void What_only_we_may_say_is_ours_however_it_is_spelled(string name) => Assert.True(TransitFields.IsOurs(name));

    [Theory]
    [InlineData("X-Forwarded")]
    [InlineData("X-Real-IPs")]
    [InlineData("Forward")]
    [InlineData("X-Request-Id")]
    public void Others_are_the_clients(string name) => Assert.False(TransitFields.IsOurs(name));

    [Fact]
    public void Connection_may_name_fields()
    {
        Assert.False(TransitFields.NamesFields(StringValues.Empty));
        Assert.False(TransitFields.NamesFields("keep-alive"));
        Assert.False(TransitFields.NamesFields("Close"));
        Assert.True(TransitFields.NamesFields("close, X-A"));
        Assert.True(TransitFields.IsNamedBy("close, x-a", "X-A"));
        Assert.True(TransitFields.IsNamedBy(new StringValues(["close", "\tX-B ,X-A"]), "X-B"));
        Assert.False(TransitFields.IsNamedBy("close, X-Ab", "X-A"));
    }
}
