using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class StoredFieldsTests
{
    [Fact]
    public void Fields_of_the_connection_and_withheld_ones_are_not_kept()
    {
        var kept = StoredFields.Keep(
            Fields.Of("ETag: \"a\" | Connection: x | Keep-Alive: y | Proxy-Authenticate: z | Proxy-Authentication-Info: z | TE: t | Upgrade: u "
                + "| Transfer-Encoding: chunked | Cache-Status: far; hit | X-Gtxn-Id: g | A: 1 | a: 2 | B: 3 | Age: 5"),
            ["a"]);
        Assert.Equal("ETag: \"a\" | B: 3 | Age: 5", Show(kept));
    }

    [Theory]
    [InlineData("ETag: \"a\" | X: 1 | Y: 2", "X: 3 | Z: 4", "ETag: \"a\" | Y: 2 | X: 3 | Z: 4")]
    [InlineData("X: 1 | x: 2", "X: 3", "X: 3")]
    [InlineData("X: 1", "x: 2 | X: 3", "x: 2 | X: 3")]
    [InlineData("Cache-Control: max-age=1", "Cache-Control: max-age=2", "Cache-Control: max-age=2")]
    [InlineData(
        "Content-Length: 5 | Content-Type: a/b | Content-Encoding: gzip | Content-Range: x",
        "Content-Length: 0 | Content-Type: c/d | Content-Encoding: br | Content-Range: y",
        "Content-Length: 5 | Content-Type: a/b | Content-Encoding: gzip | Content-Range: x")]
    [InlineData("Content-Foo: 1 | Content-Location: /a", "Content-Foo: 2 | Content-Location: /b", "Content-Foo: 2 | Content-Location: /b")]
    [InlineData("Age: 100", "X: 1", "X: 1")]
    [InlineData("Age: 100", "Age: 3", "Age: 3")]
    [InlineData("X: 1", "Set-Cookie: a=b | Connection: close | Cache-Status: x", "X: 1")]
    public void A_confirmation_updates_what_is_not_about_the_kept_content(string stored, string fresh, string expected) =>
        Assert.Equal(expected, Show(StoredFields.Update(Fields.Of(stored).Lines, Fields.Of(fresh), keepsCookies: false).Lines.ToArray()));

    [Fact]
    public void A_cookie_is_updated_where_it_may_be_kept() =>
        Assert.Equal("Set-Cookie: b=2", Show(StoredFields.Update(Fields.Of("Set-Cookie: a=1").Lines, Fields.Of("Set-Cookie: b=2"), keepsCookies: true).Lines.ToArray()));

    private static string Show(Header[] fields) => string.Join(" | ", fields.Select(field => $"{field.Name}: {field.Value}"));
}
