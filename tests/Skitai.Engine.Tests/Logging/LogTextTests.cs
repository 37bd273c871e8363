using System.Text;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Tests.Logging;

public sealed class LogTextTests
{
    [Theory]
    [InlineData("", "-")]
    [InlineData("/plain?x=1", "/plain?x=1")]
    [InlineData("a b", "a\\x20b")]
    [InlineData("a\"b", "a\\x22b")]
    [InlineData("a\\x20b", "a\\x5cx20b")]
    [InlineData("a\r\nb\x1b\x7f", "a\\x0d\\x0ab\\x1b\\x7f")]
    [InlineData("caf\u00e9", "caf\\xe9")]
    [InlineData("\u20ac", "\\xe2\\x82\\xac")]
    public void A_field_is_printable_ascii_without_blanks(string text, string written)
    {
        var buffer = new byte[256];
        Assert.Equal(written, Encoding.ASCII.GetString(buffer, 0, LogText.Field(buffer, text, 32)));
    }

    [Fact]
    public void A_long_field_is_cut_and_says_so()
    {
        var buffer = new byte[256];
        Assert.Equal("aaaa...", Encoding.ASCII.GetString(buffer, 0, LogText.Field(buffer, "aaaaaaaa", 4)));
    }

    [Fact]
    public void No_text_leaves_its_field_or_its_room()
    {
        var random = new Random(7);
        Span<byte> buffer = stackalloc byte[(64 * 4) + 3];
        for (var round = 0; round < 20_000; round++)
        {
            var text = new char[random.Next(1, 100)];
            for (var index = 0; index < text.Length; index++)
            {
                text[index] = (char)(random.Next(4) == 0 ? random.Next(0x10000) : random.Next(256));
            }

            var quoted = round % 2 == 0;
            var length = quoted ? LogText.QuotedField(buffer, text, 64) : LogText.Field(buffer, text, 64);
            foreach (var value in buffer[..length])
            {
                Assert.True(value is > 0x20 and < 0x7f and not (byte)'"' || (quoted && value == ' '));
            }
        }
    }
}
