using System.Text;
using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class EnvironNamesTests
{
    private readonly EnvironNames _names = new();

    [Theory]
    [InlineData("Accept-Language", "HTTP_ACCEPT_LANGUAGE\0")]
    [InlineData("content-type", "CONTENT_TYPE\0")]
    [InlineData("Content-Length", "CONTENT_LENGTH\0")]
    [InlineData("X_Y", "")]
    [InlineData("proxy", "")]
    [InlineData("Transfer-Encoding", "")]
    [InlineData("Expect", "")]
    [InlineData(":authority", "")]
    public void A_header_has_the_key_of_PEP_3333_or_none(string name, string key)
    {
        Assert.Equal(key, Encoding.Latin1.GetString(_names.KeyOf(name)));
        Assert.Equal(key, Encoding.Latin1.GetString(_names.KeyOf(name)));
    }

    [Fact]
    public void Thousands_of_invented_names_are_all_told_apart()
    {
        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal($"HTTP_X_{i}\0", Encoding.Latin1.GetString(_names.KeyOf($"X-{i}")));
        }
    }
}
