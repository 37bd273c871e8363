using System.Text;

namespace Skitaid.Commands;

/// <summary>Rows of cells whose columns stand below each other.</summary>
/// <param name="indent">Blanks before each row.</param>
/// <param name="heads">The columns' heads.</param>
/// <param name="right">Which columns stand to the right: those that hold numbers.</param>
internal sealed class TextTable(int indent, string[] heads, bool[] right)
{
    private const string Bold = "\e[1m", Plain = "\e[0m";

    private readonly List<(string Text, string Colour)[]> _rows = [[.. heads.Select(head => (head, Bold))]];

    /// <summary>Adds a row: a text and an escape sequence for its colour, or none, for each column.</summary>
    public void Add(params (string Text, string Colour)[] cells) => _rows.Add(cells);

    /// <summary>Appends the rows. Without colours nothing but text.</summary>
    public void AppendTo(StringBuilder text, bool colours)
    {
        var widths = heads.Select((_, column) => _rows.Max(row => row[column].Text.Length)).ToArray();
        foreach (var row in _rows)
        {
            text.Append(' ', indent);
            for (var column = 0; column < row.Length; column++)
            {
                var (cell, colour) = row[column];
                cell = right[column] ? cell.PadLeft(widths[column]) : column == row.Length - 1 ? cell : cell.PadRight(widths[column]);
                text.Append(colours && colour.Length > 0 ? colour + cell + Plain : cell).Append(column == row.Length - 1 ? "\n" : "  ");
            }
        }
    }
}
