using System.Text;
using Skitai.Engine.Apps;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Tests.Apps;

public sealed class OutputLinesTests
{
    private readonly List<string> _lines = [];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Lines_come_out_whole_however_the_bytes_come_in(int size)
    {
        var lines = new OutputLines(_lines.Add);
        foreach (var part in Encoding.UTF8.GetBytes("one\ntwo\r\n\nthrée\tx\nlast").Chunk(size))
        {
            lines.Add(part);
        }

        Assert.Equal(["one", "two", "", "thrée\tx"], _lines);
        lines.Flush();
        Assert.Equal("last", _lines[^1]);
    }

    [Fact]
    public void A_line_without_an_end_is_broken_between_characters()
    {
        var lines = new OutputLines(_lines.Add);
        var text = "a" + new string('é', 10_000);
        lines.Add(Encoding.UTF8.GetBytes(text));
        lines.Flush();
        Assert.Equal(text, string.Concat(_lines));
        Assert.All(_lines, line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, OutputLines.MaxLength));
    }

    [Fact]
    public void Control_characters_and_false_UTF8_are_made_visible()
    {
        var lines = new OutputLines(_lines.Add);
        lines.Add("\x1b[31m\xff\0"u8[..6]);
        lines.Add([0xff, 0, (byte)'\n']);
        Assert.Equal("\\x1b[31m", _lines[0][..8]);
        Assert.DoesNotContain(_lines[0], char.IsControl);
    }

    [Fact]
    public void Further_lines_of_a_text_are_indented() => Assert.Equal("a\n    b\n    c", OutputText.Indent("a\nb\r\nc\n"));
}
